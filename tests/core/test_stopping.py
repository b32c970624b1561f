from __future__ import annotations

import signal

import pytest

from cdkit.core.doors.stopping import Stop

HANG_UP = getattr(signal, "SIGHUP", signal.SIGTERM)
"""Which Windows lacks."""


@pytest.mark.parametrize(
    ("number", "raised"),
    [
        (signal.SIGINT, KeyboardInterrupt),
        (signal.SIGTERM, SystemExit),
        (HANG_UP, SystemExit),
    ],
)
def test_the_first_signal_stops_the_run_and_the_next_one_leaves_it_to_clean_up(
    number: signal.Signals, raised: type[BaseException]
) -> None:
    stop = Stop(cleaning=1000)

    with pytest.raises(raised) as caught:
        stop(number, None)
    stop(signal.SIGINT, None)
    stop(signal.SIGTERM, None)

    assert caught.value.args == ((143,) if raised is SystemExit else ())


def test_a_signal_after_the_time_to_clean_up_stops_again() -> None:
    stop = Stop(cleaning=0)

    with pytest.raises(KeyboardInterrupt):
        stop(signal.SIGINT, None)
    with pytest.raises(SystemExit):
        stop(signal.SIGTERM, None)


def _heard(stop: Stop, **given: signal.Handlers) -> dict[signal.Signals, object]:
    """Who hears which signal, after `listen`, where a handler was given before."""
    numbers = (signal.SIGINT, signal.SIGTERM, HANG_UP)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        for name, handler in given.items():
            signal.signal(signal.Signals[name], handler)
        stop.listen()
        return {number: signal.getsignal(number) for number in before}
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_terminal_that_is_gone_stops_a_run_as_a_cancelled_job_does() -> None:
    stop = Stop()

    heard = _heard(stop, SIGHUP=signal.SIG_DFL)

    assert heard[signal.SIGTERM] == heard[HANG_UP] == stop


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_what_is_ignored_stays_so() -> None:
    stop = Stop()

    heard = _heard(stop, SIGINT=signal.SIG_IGN, SIGHUP=signal.SIG_IGN)

    assert heard == {
        signal.SIGINT: signal.SIG_IGN,
        signal.SIGTERM: stop,
        HANG_UP: signal.SIG_IGN,
    }
