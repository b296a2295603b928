"""The figures of a fault run, for a person."""

from collections.abc import Iterator

from tests.faults.run import Outcome


def table(outcome: Outcome) -> str:
    """All figures, one to a line."""
    return "\n".join(f"{name:32} {value}" for name, value in _figures(outcome))


def _figures(outcome: Outcome) -> Iterator[tuple[str, str]]:
    findings = outcome.findings
    yield "seed", str(outcome.seed)
    yield "seconds", f"{outcome.seconds:.0f}"
    for kind, count in sorted(outcome.kills.items()):
        yield f"kills: {kind}", str(count)
    yield "readings made", f"{findings.made:,}"
    yield "readings stored", f"{findings.stored:,}"
    yield "declared as dropped", f"{outcome.dropped:,}"
    yield "deliveries for each row", f"{outcome.deliveries / max(1, findings.stored):.3f}"
    for kind, seconds in sorted(outcome.recovery_s.items()):
        yield (
            f"recovery p50 / p95: {kind}",
            f"{quantile(seconds, 0.5):.1f} s / {quantile(seconds, 0.95):.1f} s",
        )
    yield "lost", str(len(findings.lost))
    yield "phantoms", str(len(findings.phantoms))
    yield "changed", str(len(findings.changed))
    yield "doubled", str(len(findings.doubled))
    yield "live is not the newest", ", ".join(findings.behind) or "0"
    yield "integrity of the store", ", ".join(findings.damage) or "ok"


def quantile(values: list[float], share: float) -> float:
    """The smallest value that ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
