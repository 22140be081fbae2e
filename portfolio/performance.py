"""Performance of an account from its valuations: returns, Sharpe ratio, drawdown, win rate. Pure.

Arrays are one-dimensional, one observation per session close, oldest first. Fractions, never per cent. A figure
that is not defined on what was given is None, never 0, NaN or infinity.
"""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

SHARPE_MINIMUM_OBSERVATIONS = 60


class Performance(NamedTuple):
    """The figures of one account; None where undefined."""

    total_return: float | None
    daily_return: float | None
    sharpe_ratio: float | None
    max_drawdown: float | None
    win_rate: float | None
    round_trips: int
    observations: int


def daily_returns(equity: ArrayLike, flows: ArrayLike) -> NDArray[np.float64]:
    """Time-weighted return of each session, with flows at the session's start.

    Parameters
    ----------
    equity : array_like, shape (n_observations,)
        Equity at each session's close, in money.
    flows : array_like, shape (n_observations,)
        Net external flow of each session (deposits positive), in money. The capital an account opens with is the
        flow of its first session.

    Returns
    -------
    ndarray, shape (n_observations,)
        ``equity[t] / (equity[t - 1] + flows[t]) - 1``, with nothing before the first session. NaN where the base
        is not positive or an input is not finite: no return is defined there.

    Raises
    ------
    ValueError
        If the two arrays differ in shape or are not one-dimensional.

    Notes
    -----
    The sub-period return of the time-weighted method of the CFA Institute's *Global Investment Performance
    Standards* (2020). Deviation: a flow counts from the session's start whenever within the session it happened.
    """
    closes = np.asarray(equity, dtype=np.float64)
    moved = np.asarray(flows, dtype=np.float64)
    if closes.ndim != 1 or closes.shape != moved.shape:
        raise ValueError(f"equity {closes.shape} and flows {moved.shape} must be one-dimensional and equally long")
    base = np.concatenate(([0.0], closes[:-1]))[: closes.size] + moved
    returns = np.full(closes.shape, np.nan)
    defined = np.isfinite(base) & np.isfinite(closes) & (base > 0)
    returns[defined] = closes[defined] / base[defined] - 1.0
    return returns


def return_index(returns: ArrayLike) -> NDArray[np.float64]:
    """Value of one unit invested before the first return.

    Parameters
    ----------
    returns : array_like, shape (n_observations,)
        Fractions; NaN (no return defined) leaves the index where it was.

    Returns
    -------
    ndarray, shape (n_observations + 1,)
        Starts at 1.
    """
    steps = np.nan_to_num(np.asarray(returns, dtype=np.float64), nan=0.0)
    return np.concatenate(([1.0], np.cumprod(1.0 + steps)))


def total_return(returns: ArrayLike) -> float | None:
    """Compounded return over all observations; None without a defined one.

    Parameters
    ----------
    returns : array_like, shape (n_observations,)
        Fractions; NaN is skipped.

    Returns
    -------
    float or None
    """
    values = np.asarray(returns, dtype=np.float64)
    if not np.isfinite(values).any():
        return None
    return float(return_index(values)[-1] - 1.0)


def sharpe(returns: ArrayLike, periods_per_year: float, risk_free: float = 0.0) -> float | None:
    """Annualised Sharpe ratio; None under 60 defined observations or without any variation.

    Parameters
    ----------
    returns : array_like, shape (n_observations,)
        Fractions per period; NaN is skipped.
    periods_per_year : float
        Periods in a year, such as the sessions of the account's calendar.
    risk_free : float
        Risk-free return per period, a fraction.

    Returns
    -------
    float or None

    Notes
    -----
    W. F. Sharpe, "The Sharpe Ratio", *Journal of Portfolio Management* 21 (1994), equations 3 to 6: mean over
    standard deviation (``ddof=1``) of the excess return, times the root of the periods in a year (his section
    "Time Dependence").
    """
    values = np.asarray(returns, dtype=np.float64)
    excess = values[np.isfinite(values)] - risk_free
    if excess.size < SHARPE_MINIMUM_OBSERVATIONS:
        return None
    deviation = float(np.std(excess, ddof=1))
    # A constant series leaves only the rounding of its mean behind; dividing by that would mean nothing.
    if deviation <= 1e-12 * max(1e-12, float(np.max(np.abs(excess)))):
        return None
    return float(np.mean(excess)) / deviation * math.sqrt(periods_per_year)


def max_drawdown(returns: ArrayLike) -> float | None:
    """Deepest fall of the return index below its highest value so far, as a fraction at most 0.

    Parameters
    ----------
    returns : array_like, shape (n_observations,)
        Fractions; NaN leaves the index where it was.

    Returns
    -------
    float or None
        0 when the index never fell, -0.25 for a quarter lost; None without a defined return.

    Notes
    -----
    M. Magdon-Ismail and A. Atiya, "Maximum Drawdown", *Risk* 17 (2004), taken relative to the running maximum.
    The index includes its start at 1, so a fall from the first session on counts.
    """
    values = np.asarray(returns, dtype=np.float64)
    if not np.isfinite(values).any():
        return None
    index = return_index(values)
    return float(np.min(index / np.maximum.accumulate(index) - 1.0))


def win_rate(results: Iterable[float | Decimal]) -> float | None:
    """Share of round trips that ended above zero, net of fees; None without one.

    Parameters
    ----------
    results : iterable of float or Decimal
        Net result of each round trip, in money; a trip at exactly 0 is not won.

    Returns
    -------
    float or None
    """
    outcomes = [result > 0 for result in results]
    return sum(outcomes) / len(outcomes) if outcomes else None


def performance(
    equity: ArrayLike, flows: ArrayLike, results: Iterable[float | Decimal], periods_per_year: float
) -> Performance:
    """All figures at once.

    Parameters
    ----------
    equity, flows : array_like, shape (n_observations,)
        As `daily_returns`.
    results : iterable of float or Decimal
        As `win_rate`.
    periods_per_year : float
        As `sharpe`.

    Returns
    -------
    Performance
    """
    returns = daily_returns(equity, flows)
    trips = list(results)
    last = float(returns[-1]) if returns.size else math.nan
    return Performance(
        total_return=total_return(returns),
        daily_return=last if math.isfinite(last) else None,
        sharpe_ratio=sharpe(returns, periods_per_year),
        max_drawdown=max_drawdown(returns),
        win_rate=win_rate(trips),
        round_trips=len(trips),
        observations=int(np.isfinite(returns).sum()),
    )
