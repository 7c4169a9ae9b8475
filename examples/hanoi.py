def hanoi(n, start, goal, spare):
    """Moves n disks; returns the number of moves."""
    if n == 0:
        return 0
    before = hanoi(n - 1, start, spare, goal)
    print(f"disk {n}: {start} -> {goal}")
    return before + 1 + hanoi(n - 1, spare, goal, start)


print(hanoi(2, "a", "c", "b"))
