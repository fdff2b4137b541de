# The commands of the project. `make run` and `make test` need Swift and nothing else; they install the rest.

.DEFAULT_GOAL := help
.PHONY: help setup build run test test-faults test-soak test-infra render simulate bench format lint clean

release := .build/release
# Of the benchmarks: one or several of S1 to S9 (with S1b and S8b), S11 to S13, HELD, API, CRON, FLOW, sqs and lambda; empty: all.
SCENARIO ?=
# Of `make build`: one function; empty: all.
F ?=
# The API's port; 0: a free one.
PORT ?= 8080
# Of the simulation; printed, so that a run can be repeated.
SEED ?= 1

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: Postgres, Redis and C libraries (apt)
	@infra/scripts/setup.sh

build: setup ## Build the release binaries into .build/release, or one: make build F=loader
	swift build -c release --static-swift-stdlib $(if $(F),--product $(F))

run: build ## Start everything here, register sample schedules, and show their deliveries live
	@exec $(release)/local-runner up --examples --ready-file .headgate/ready.json --port $(PORT)

test: lint ## Check the format, build for debugging, run every test, and simulate a month
	swift build --build-tests
	@infra/scripts/test.sh
	@$(MAKE) --no-print-directory simulate

test-faults: setup ## Let every statement of every function fail in every way, and Redis stand still for two minutes; takes half an hour
	swift build --build-tests
	@infra/scripts/test.sh --faults

test-soak: setup ## Queues in SQS with 130,000 messages in backoff, and what an emptied one has lost; takes ten minutes
	swift build --build-tests
	@infra/scripts/test.sh --soak

test-infra: build ## Check images, manifests and alerts: builds two images and lets them work; as root it installs what that needs
	swift build --product headgate
	swift build --product headgate-render
	@infra/kubernetes/test
	@infra/observability/test
	@infra/images/test

render: setup ## Make the manifests in infra/kubernetes from infra/topology.yaml
	swift build --product headgate
	swift build --product headgate-render
	@.build/debug/headgate render kubernetes --output infra/kubernetes

simulate: ## Simulate a month of a million schedules and one of 100,000 flows: make simulate SEED=7 (default: 1)
	swift build -c release --static-swift-stdlib --product simulation
	@echo "seed $(SEED)"
	@$(release)/simulation --schedules 1000000 --days 30 --triggers 1000000 --seed $(SEED)
	@exec $(release)/simulation flows --flows 100000 --days 30 --seed $(SEED)

bench: build ## Measure all scenarios, or one: make bench SCENARIO=S1; the figures go to docs/performance.md
	@exec $(release)/headgate-bench $(SCENARIO)

format: ## Format all Swift files
	@infra/scripts/format.sh

lint: setup ## Check the format, and who imports and links what
	@infra/scripts/format.sh lint
	@infra/scripts/gates.sh

clean: ## Remove what was built; .headgate, the data of `make run`, stays
	swift package clean
