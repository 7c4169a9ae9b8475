nums = list(map(int, input().split()))
r = 0
for x in nums:
    if x % 2 == 0:
        r += x * 2
print(r + 4)
