def power(base, n):
    """base ** n with few multiplications, n >= 0."""
    if n == 0:
        return 1
    half = power(base, n // 2)
    if n % 2 == 1:
        return half * half * base
    return half * half


print(power(3, 5))
