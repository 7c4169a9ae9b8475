counts = {}
for word in input().lower().split():
    word = word.strip(".,!?")
    counts[word] = counts.get(word, 0) + 1
best = max(counts, key=counts.get)
print(best, counts[best])
print("once:", *sorted(word for word, n in counts.items() if n == 1))
