"""Makes the customers of three tenants, always the same ones.

usage: make-data.py [directory]     writes acme.csv, globex.csv and initech.csv; by default into `data` beside this file

Whether a customer churns is drawn from a logistic model of the four features, scaled by `signal`. At acme and globex
the features tell much (an AUC of 0.83 and 0.86 on customers not learnt from), at initech next to nothing (0.56).
A few rows have an empty or broken cell, as exports do.
"""

import csv
import math
import pathlib
import random
import sys

COLUMNS = ["customer", "tenure_months", "monthly_charge", "support_calls", "logins_last_month", "churned"]
# Name, rows, seed, signal, intercept.
TENANTS = [("acme", 400, 20260101, 0.95, -0.6), ("globex", 320, 20260102, 0.9, -0.3), ("initech", 260, 20260103, 0.3, -0.4)]


def rows(name, count, seed, signal, intercept):
    random_numbers = random.Random(seed)
    for number in range(1, count + 1):
        tenure = max(1, round(random_numbers.gammavariate(2.0, 14.0)))
        charge = round(random_numbers.gauss(62.0, 18.0), 2)
        calls = min(12, int(random_numbers.expovariate(1 / 1.8)))
        logins = max(0, round(random_numbers.gauss(14.0, 7.0)))
        score = (
            -0.9 * (tenure - 28) / 20 + 0.5 * (charge - 62) / 18 + 0.8 * (calls - 1.3) / 1.8 - 0.8 * (logins - 14) / 7
        )
        probability = 1 / (1 + math.exp(-(intercept + signal * score)))
        churned = int(random_numbers.random() < probability)
        row = [f"{name}-{number:04d}", tenure, charge, calls, logins, churned]
        if number % 97 == 0:
            row[random_numbers.randrange(1, 5)] = random_numbers.choice(["", "n/a"])
        yield row


def main():
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent / "data"
    directory.mkdir(parents=True, exist_ok=True)
    for tenant in TENANTS:
        with open(directory / f"{tenant[0]}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows(*tenant))


if __name__ == "__main__":
    main()
