"""Examples of the seeds' shapes, for the interface's description."""

from drf_spectacular.utils import OpenApiExample

_ID = "3f1c1b8a-6a55-4f0e-9d5a-0f4d8c7e2b10"
_RULE = {
    "code": "POSITION_PCT",
    "label": "Position",
    "verdict": "pass",
    "value": 0.0484,
    "limit": 0.08,
    "headroom": 0.0316,
    "unit": "fraction",
    "text": "XYZ would be 4.8 % of equity, its limit is 8 %",
}
_ORDER = {
    "order_id": _ID,
    "symbol": "XYZ",
    "side": "BUY",
    "action": "BUY",
    "quantity": 84,
    "order_type": "MARKET",
    "limit_price": None,
    "stop_price": None,
    "time_in_force": "DAY",
    "status": "APPROVED",
    "filled_quantity": 0,
    "filled_price": None,
    "average_fill_price": None,
    "message": "",
    "client_order_id": "my-order-1",
    "account": 1,
    "deployment": None,
    "timestamp": "2006-06-19T20:00:00Z",
}
_ORDER_ROW = {
    "key": _ID,
    "id": _ID,
    "account": 1,
    "symbol": "XYZ",
    "side": "SELL",
    "quantity": "84",
    "filled": "0",
    "order_type": "STOP",
    "limit_price": None,
    "stop_price": "145.5",
    "time_in_force": "GTC",
    "state": "APPROVED",
    "role": "stop",
    "deployment": None,
    "deployment_name": "Manual",
    "average_price": None,
    "reason": "",
    "market_time": "2006-06-19T20:00:00Z",
    "decision": 17,
    "client_order_id": None,
    "sequence": 4,
}

TRADE = OpenApiExample(
    "Buy at market",
    value={"symbol": "XYZ", "quantity": 84, "side": "BUY", "order_type": "MARKET"},
    request_only=True,
)
TRADE_ANSWER = OpenApiExample(
    "Accepted",
    value={
        "success": True,
        "message": "The account buys 84 XYZ.",
        "order": _ORDER,
        "decision": {
            "id": 17,
            "verdict": "ALLOW",
            "rule": "POSITION_PCT",
            "text": "The account buys 84 XYZ.",
            "wanted": 84,
            "passed": 84,
            "largest": 138,
            "rules": [_RULE],
        },
    },
    response_only=True,
)
SUBMISSION = OpenApiExample(
    "Judge a limit order",
    value={
        "account": 1,
        "symbol": "XYZ",
        "quantity": "84",
        "side": "BUY",
        "order_type": "LIMIT",
        "limit_price": "57.10",
        "dry_run": True,
    },
    request_only=True,
)
STOP_LOSS = OpenApiExample("Protect a position", value={"symbol": "XYZ", "stop_price": 145.5}, request_only=True)
STOP_LOSS_ANSWER = OpenApiExample(
    "Protected",
    value={"success": True, "message": "The stop of XYZ is at 145.5.", "orders": [_ORDER_ROW]},
    response_only=True,
)
STARTED = OpenApiExample("Started", value={"success": True, "message": "3 strategies running."}, response_only=True)
STOPPED = OpenApiExample(
    "Stopped",
    value={"success": True, "message": "3 strategies stopped. Positions and their protection stay."},
    response_only=True,
)
