"""Changes to risk: limits, stops, the ladder, exposures over a user's accounts."""

from risk.services.exposures import exposure_adjust, exposure_lock
from risk.services.ladder import ladder_apply
from risk.services.limits import account_risk_create, account_risk_update
from risk.services.stops import StopReport, emergency_stop, latch_release, latch_set, resume

__all__ = [
    "StopReport",
    "account_risk_create",
    "account_risk_update",
    "emergency_stop",
    "exposure_adjust",
    "exposure_lock",
    "ladder_apply",
    "latch_release",
    "latch_set",
    "resume",
]
