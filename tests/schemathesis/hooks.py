"""What generated requests need before they are sent, and how many of them were."""

import atexit
import collections
import json
import os

import schemathesis

CASES = collections.Counter()


OWN_KEY = os.environ["OWN_KEY_ID"]
CSV_HEADERS = {
    "/api/v1/loads/import": "loadId,driverId,amount\r\n",
    "/api/v1/reconciliations/{date}/settlements/{provider}": "reference,amount,currency\r\n",
}
CSV_HEADER = "loadId,amount\r\n"
OTHER_KEY = "0" * len(OWN_KEY)


@schemathesis.hook
def before_call(context, case, **kwargs):
    """A run that revokes or rotates the key it calls with gets nothing but 401 from then on."""
    if case.path.startswith("/api/v1/keys/") and case.path_parameters.get("id") == OWN_KEY:
        case.path_parameters["id"] = OTHER_KEY


@schemathesis.hook
def after_call(context, case, response):
    CASES[case.operation.label] += 1


@atexit.register
def write_counts():
    path = os.environ.get("CASES_FILE")
    if path:
        with open(path, "w") as file:
            json.dump(CASES, file)


@schemathesis.serializer("text/csv")
def csv_file(context, value):
    """Few texts begin with a header; every other one gets one, so that rows are read too."""
    text = str(value)
    header = CSV_HEADERS.get(context.case.operation.path, CSV_HEADER)
    return ((header if len(text) % 2 else "") + text).encode("utf-8", "surrogatepass")


@schemathesis.hook
def map_body(context, body):
    """JSON Schema takes 1.0 for an integer; the API wants integers written as such, so 1.0 is not valid input."""
    return _with_plain_integers(body)


def _with_plain_integers(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _with_plain_integers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_plain_integers(item) for item in value]
    return value
