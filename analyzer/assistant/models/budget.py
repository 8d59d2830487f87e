"""How much language models may cost: tokens a call, calls a question, calls and money a day. Then no more calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(slots=True)
class Budget:
    """Counts what was spent since midnight UTC. A limit of 0 allows nothing."""

    tokens_a_call: int = 4000
    calls_a_question: int = 4
    calls_a_day: int = 2000
    money_a_day: float = 5.0
    today: Callable[[], date] = _today
    day: date = date.min
    calls: int = 0
    tokens: int = 0
    money: float = 0.0
    refusals: int = 0
    calls_ever: int = 0
    tokens_ever: int = 0
    money_ever: float = 0.0

    def allows(self, tokens: int, calls_so_far: int) -> str:
        """Why a call with so many tokens in may not be made; "" when it may."""
        self._new_day()
        reason = self._reason(tokens, calls_so_far)
        self.refusals += bool(reason)
        return reason

    def spend(self, tokens: int, money: float, *, calls: int = 1) -> None:
        """Count a call with its tokens in, or with `calls` 0 what came out of one."""
        self._new_day()
        self.calls, self.tokens, self.money = self.calls + calls, self.tokens + tokens, self.money + money
        self.calls_ever += calls
        self.tokens_ever += tokens
        self.money_ever += money

    def spent(self) -> dict[str, float]:
        """The share of each day's budget that is gone. A limit of 0 is spent by the first one asked for."""
        self._new_day()
        calls = self.calls / self.calls_a_day if self.calls_a_day else float(self.refusals > 0)
        money = self.money / self.money_a_day if self.money_a_day else float(self.money > 0)
        return {"calls": calls, "money": money}

    def _reason(self, tokens: int, calls_so_far: int) -> str:
        if tokens > self.tokens_a_call:
            return f"the facts need about {tokens} tokens, a call may take {self.tokens_a_call}"
        if calls_so_far >= self.calls_a_question:
            return f"a question may take {self.calls_a_question} calls"
        if self.calls >= self.calls_a_day:
            return f"the {self.calls_a_day} calls of the day are spent"
        if self.money >= self.money_a_day > 0 or (self.money_a_day == 0 and self.money > 0):
            return f"the day's money is spent ({self.money:.2f} of {self.money_a_day:.2f})"
        return ""

    def _new_day(self) -> None:
        if self.day != self.today():
            self.day, self.calls, self.tokens, self.money = self.today(), 0, 0, 0.0
