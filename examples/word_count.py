counts = {}
for word in input().lower().split():
    word = word.strip(".,!?")
    counts[word] = counts.get(word, 0) + 1
best = max(counts, key=counts.get)
print(best, counts[best])
for word, n in sorted(counts.items()):
    if n > 1 and word != best:
        print("also:", word)
