"""What was expected, and what came: a line each."""


class Report:
    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def row(self, columns: list[str], problems: list[str]) -> None:
        """Prints the columns, and below them what is wrong."""
        text = " ".join(f"{column:<{width}}" for column, width in zip(columns, WIDTHS)).rstrip()
        print("✗" if problems else "✓", text, flush=True)
        for problem in problems:
            print(f"    {problem}", flush=True)
        if problems:
            self.failed += 1
        else:
            self.passed += 1


# Framework, way, client, case, outcome.
WIDTHS = [5, 11, 16, 53, 0]
