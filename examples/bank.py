class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError(f"{self.owner} has only {self.balance}")
        self.balance -= amount


ann = Account("Ann", 100)
for amount in map(int, input().split()):
    try:
        ann.withdraw(amount)
    finally:
        print("balance:", ann.balance)
