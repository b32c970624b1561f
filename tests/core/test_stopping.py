from __future__ import annotations

import signal

import pytest

from cdkit.core.doors.stopping import Stop


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
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


def test_an_interrupt_that_is_ignored_stays_so() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stop = Stop()
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop.listen()
        heard = {number: signal.getsignal(number) for number in before}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert heard == {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: stop}
