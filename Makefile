# For people: `make up` starts everything on this computer, `make test` runs every test, `make check` runs
# the checks that come before every push.

VENV := .tools/venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# SAM neither phones home nor needs an account; a region only has to be named.
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

.PHONY: up test check format clippy guards template document watch package

up:
	@cargo run -p local -- up --demo $(ARGS)

test: $(VENV)/.ready
	@.ci/test $(ARGS)

check: format guards template document clippy

format:
	cargo fmt --all --check

clippy:
	cargo clippy --locked --workspace --all-targets -- -D warnings

guards:
	.ci/guards.py

template: $(VENV)/.ready
	sam validate --lint

document: $(VENV)/.ready
	openapi-spec-validator docs/openapi.json

# The functions behind their real paths on http://127.0.0.1:9010, compiled when first asked for, on the table
# of a local host: `make up ARGS="--aws-port 8000"`. They know its API keys by its own seal key.
watch: $(VENV)/.ready
	@test -f .ovn-pay/local.key || { echo 'first: make up ARGS="--aws-port 8000"'; exit 1; }
	@seal=$$({ cat .ovn-pay/local.key; printf seal; } | sha256sum | cut -d' ' -f1) && \
	cargo lambda watch --invoke-address 127.0.0.1 --invoke-port 9010 --env-var "OVN_SEAL_KEY=$$seal" $(ARGS)

# What is deployed: the release profile with the values of the lambda profile, which SAM cannot name.
package: export CARGO_PROFILE_RELEASE_OPT_LEVEL=3
package: export CARGO_PROFILE_RELEASE_LTO=fat
package: export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
package: export CARGO_PROFILE_RELEASE_PANIC=abort
package: export CARGO_PROFILE_RELEASE_STRIP=true
package: $(VENV)/.ready
	cargo lambda build --locked --release --arm64 -p functions
	sam build

$(VENV)/.ready: .ci/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
