# stockbus: one non-recursive Makefile. `make help` lists what there is to do.
# Out of tree in build/$(MODE)/; lists come from wildcards, so adding a file edits nothing here.

MODE ?= release
BUILD := build/$(MODE)
GEN := $(BUILD)/gen
BIN := $(BUILD)/bin

MODE_release := -O2 -g
MODE_debug := -Og -g3
MODE_asan := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
MODE_fuzz := -O1 -g3 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -fno-omit-frame-pointer
MODE_tsan := -O1 -g3 -fsanitize=thread
ifeq ($(MODE_$(MODE)),)
$(error MODE=$(MODE) is none of release, debug, asan, tsan, fuzz)
endif

PACKAGES := rdkafka libmicrohttpd libpq libprotobuf-c libcurl yajl yaml-0.1 expat zlib openssl uuid
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
            -Wswitch-enum -Wvla -Wundef
# libFuzzer is clang's; the warnings are gcc's.
ifeq ($(MODE),fuzz)
CC := $(notdir $(firstword $(shell for version in 14 15 16 17 18 19 20 21; do command -v clang-$$version; done; true) clang))
WARNINGS := -w
endif
CFLAGS := -std=gnu17 $(MODE_$(MODE)) $(WARNINGS) $(if $(CI),-Werror) -fno-strict-aliasing -D_GNU_SOURCE
CPPFLAGS = -I. -I$(GEN) $(PACKAGE_CFLAGS)
LDFLAGS := $(filter -fsanitize=%,$(MODE_$(MODE))) -pthread
LDLIBS = $(PACKAGE_LIBS) -lm

# One short line a step; V=1 shows the commands.
quiet = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2);)

PROGRAMS := $(patsubst %/main.c,%,$(wildcard services/*/main.c tools/*/main.c))
BINS := $(addprefix $(BIN)/,$(notdir $(PROGRAMS)))
SOURCES := $(filter-out %/main.c,$(shell find lib channels services tools -name '*.c' 2>/dev/null))
PROTO := $(wildcard proto/stockbus/v1/*.proto)
PROTO_C := $(patsubst proto/%.proto,$(GEN)/%.pb-c.c,$(PROTO))
SQL := $(shell find services tools -path '*/sql/*.sql' 2>/dev/null)
SQL_H := $(GEN)/sql.h
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(PROTO_C:.c=.o) $(BUILD)/sql.o
ARCHIVE := $(BUILD)/libstockbus.a

TESTS := $(patsubst %.c,$(BUILD)/%,$(shell find tests/unit tests/contract tests/property tests/integration -name '*_test.c' 2>/dev/null))

FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*_fuzz.c))

# Programs that `make bench-*` runs, and what they preload.
BENCH_TOOLS := $(patsubst %,$(BUILD)/bench/%,mix copy play)
BENCH_TAPE := $(BUILD)/bench/tape.so

# Programs that tests run.
TEST_TOOLS := $(patsubst %.c,$(BUILD)/%,$(filter-out %_test.c,$(wildcard tests/integration/c/*.c tests/property/*.c)))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
JOBS ?= $(shell nproc)
SUB_MAKE = $(MAKE) --no-print-directory -j$(JOBS)
CASES ?= 100000
SECONDS ?= 600
KILLS ?= 50
SEED ?=
EVENTS ?=
ALERTS ?=
CRDS ?= var/k8s/crds
PAIRS ?= 3
EVENTS ?= 20000
.PHONY: alerts rolling live-vendure live-medusa live-sqs contract demo-thirty all signatures tests-build fuzz-build fuzz bench-build bench-built bench-ledger layers demo up down status test unit property integration acceptance chaos chaos-ledger rebuild-million tidy \
        setup built tests-built clean help

##@ Build
all: $(BINS) layers ## Build every program (MODE=release|debug|asan|tsan)

fuzz-build: $(FUZZERS)

tests-build: $(TESTS) $(TEST_TOOLS)

bench-build: all $(BENCH_TOOLS) $(BENCH_TAPE)

layers: $(BUILD)/layers.ok ## Check who includes whom
$(BUILD)/layers.ok: tests/tidy/layers $(shell find lib channels services tools tests bench -name '*.[ch]' 2>/dev/null)
	@mkdir -p $(@D)
	@tests/tidy/layers && touch $@

$(BINS): $(BIN)/%: $(ARCHIVE)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %/$*/main.o,$^) $(ARCHIVE) $(LDLIBS)
$(foreach p,$(PROGRAMS),$(eval $(BIN)/$(notdir $(p)): $(BUILD)/$(p)/main.o))

$(ARCHIVE): $(OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/%.o: %.c | $(PROTO_C) $(SQL_H)
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Generated code is not held to our warnings.
$(PROTO_C:.c=.o): %.o: %.c
	$(call quiet,CC,$<)$(CC) $(CPPFLAGS) $(filter-out -W%,$(CFLAGS)) -c -o $@ $<
$(GEN)/%.pb-c.c: proto/%.proto
	@mkdir -p $(GEN)
	$(call quiet,PROTO,$<)protoc-c --proto_path=proto --c_out=$(GEN) $<

# Every services/<s>/sql/<verb>_<noun>.sql becomes the constant sql_<s>_<verb>_<noun>.
$(BUILD)/sql.o: $(GEN)/sql.c $(SQL_H)
	$(call quiet,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(GEN)/sql.c: $(SQL) tests/tidy/embed-sql
	@mkdir -p $(@D)
	@tests/tidy/embed-sql source $(SQL) > $@
$(SQL_H): $(SQL) tests/tidy/embed-sql
	@mkdir -p $(@D)
	@tests/tidy/embed-sql header $(SQL) > $@

$(TESTS) $(TEST_TOOLS): $(BUILD)/%: $(BUILD)/%.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(FUZZERS): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/fuzz/fuzz.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

$(BENCH_TOOLS): $(BUILD)/bench/%: $(BUILD)/bench/%.o $(BUILD)/bench/figures.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BENCH_TAPE): bench/tape.c lib/base/buf.c lib/base/clock.c lib/base/mem.c bench/tape.h
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -shared -o $@ $(filter %.c,$^) -ldl

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

##@ Run
demo: built ## Start everything, sell on every channel at once, end with a verdict; leaves nothing running
	@deploy/local/demo-run

# Four of Amazon, Shopify and WooCommerce, three of each other kind.
THIRTY := $(foreach n,1 2 3 4,amazon-$(n):amazon shopify-$(n):shopify woo-$(n):woocommerce) \
          $(foreach n,1 2 3,bigcommerce-$(n):bigcommerce ebay-$(n):ebay etsy-$(n):etsy house-$(n):generic \
          tiktok-$(n):tiktok walmart-$(n):walmart)
empty :=
comma := ,
demo-thirty: built ## The same on 30 channels of every kind that the sandbox plays, with p99 by kind and memory by service
	@SUITE_CHANNELS=$(subst $(empty) $(empty),$(comma),$(strip $(THIRTY))) SUITE_PRODUCTS=2 SUITE_VARIANTS=2 SUITE_STOCK=400 \
	  deploy/local/demo-run --orders 120 --per-second 4 --limit-ms 15000 --settle-s 240

up: built ## Start the whole suite below var/up and keep it running
	@deploy/local/suite start var/up
	@deploy/local/suite status var/up

down: ## Stop what `make up` started
	@deploy/local/suite stop var/up

status: ## Say what runs and where it listens
	@deploy/local/suite status var/up

##@ Test
test: setup ## Every test: release build, then the sanitized build of unit, contract and property tests
	@$(SUB_MAKE) MODE=release all tests-build
	@$(SUB_MAKE) MODE=asan all tests-build
	@$(SUB_MAKE) MODE=fuzz fuzz-build
	@tests/all

unit: tests-built ## Unit, contract and property tests
	@MODE=$(MODE) tests/run unit

contract: tests-built ## One suite over every registered kind of channel, by table
	@for test in $(filter $(BUILD)/tests/contract/%,$(TESTS)); do $$test || exit 1; done

property: tests-built ## CASES (100000) random cases from SEED (random): any order, and a naive second implementation
	@nice -n 10 tests/property/property.py --build $(BUILD) --cases $(CASES) --seed '$(SEED)'

integration: tests-built ## Tests on a real broker and a real database
	@MODE=$(MODE) tests/run integration

acceptance: built ## The six verification tests F169-F174, with a verdict
	@MODE=$(MODE) tests/run acceptance

chaos: built ## kill -9 of every service, the broker and the database in a burst
	@MODE=$(MODE) tests/run chaos

rolling: built ## Every service restarted under load as Kubernetes does, publishers from one to four and back
	@BUILD=$(BUILD) python3 tests/chaos/rolling.py

alerts: tests-built ## Debian's Prometheus over the running suite: every alert is made to fire, and clears (ALERTS=names picks)
	@deploy/local/setup tests/alerts/packages
	@BUILD=$(BUILD) ALERTS='$(ALERTS)' python3 -u tests/alerts/alerts.py

chaos-ledger: tests-built ## KILLS (50) random kills and halts from SEED (random) around two replicas of the ledger
	@BUILD=$(BUILD) KILLS='$(KILLS)' SEED='$(SEED)' tests/chaos/ledger.py

rebuild-million: tests-built ## EVENTS (1000000) random events from SEED (1): folded, proved, rebuilt from Kafka; all rates
	@BUILD=$(BUILD) EVENTS='$(EVENTS)' SEED='$(SEED)' nice -n 10 python3 tests/scale/rebuild.py

fuzz: setup ## Every parser, SECONDS (600) each, from the fixtures and from earlier finds; FUZZ=names picks some
	@$(SUB_MAKE) MODE=fuzz fuzz-build
	@tests/fuzz/fuzz.py --build build/fuzz --seconds $(SECONDS) $(FUZZ)

signatures: tests-built ## What the sandbox signs, judged by the marketplaces' own libraries (npm; not in make test)
	@status=0; for check in tests/signatures/*.py; do python3 $$check $(BIN)/sandbox || [ $$? = 77 ] || status=1; done; exit $$status

live-vendure: built ## A real Vendure shop (from npm; needs Node 20) and the suite keep each other's stock true
	@BUILD=$(BUILD) python3 tests/live/vendure/live.py var/live/run-vendure

live-medusa: built ## The same with a real Medusa shop (700 MB from npm)
	@BUILD=$(BUILD) python3 tests/live/medusa/live.py var/live/run-medusa

live-sqs: built ## Amazon's notifications from moto and ElasticMQ (PyPI, Maven), ingest killed KILLS (8) times at each; SEED (random)
	@BUILD=$(BUILD) KILLS='$(if $(filter file,$(origin KILLS)),,$(KILLS))' SEED='$(SEED)' python3 tests/live/sqs/live.py var/live/run-sqs

tidy: ## Layer rule, style rules, lint of the protobuf files
	@tests/run tidy

##@ Kubernetes
.PHONY: k8s-check k8s-apply images
images: ## Build every image from the last commit (BASE=image, TAG=), and run each once as Kubernetes would
	@BASE='$(BASE)' TAG='$(TAG)' deploy/images/build
	@deploy/images/smoke var/images/smoke '$(TAG)'

k8s-check: ## Manifests without a cluster: schemas (CRDS=dir of CustomResourceDefinitions), lint, rules, names as in the code
	@deploy/k8s/check/tools var/k8s/tools
	@python3 deploy/k8s/check/check.py --tools var/k8s/tools --crds '$(CRDS)'
	@python3 deploy/k8s/check/selftest.py --tools var/k8s/tools --crds '$(CRDS)'

k8s-apply: ## The same on a real API server, scheduler and controllers (CRDS=dir; builds them first: about 10 minutes)
	@deploy/k8s/check/tools var/k8s/tools
	@deploy/k8s/apply/tools var/k8s/apply
	@python3 deploy/k8s/apply/apply.py --tools var/k8s/tools --cluster var/k8s/apply --crds '$(CRDS)'

##@ Measure
bench-ledger: bench-built ## Events a second beside their limits; PAIRS (3), EVENTS (20000), WRITE=1 renews docs/performance.md
	@BUILD=$(BUILD) PAIRS='$(PAIRS)' EVENTS='$(EVENTS)' bench/ledger.py $(if $(WRITE),--write)

##@ Set-up
setup: ## Install what is missing (apt, no recommended extras) and fetch the broker
	@deploy/local/setup
	@deploy/local/jars deploy/local/kafka >/dev/null

# Sub-makes: on a fresh machine this make read pkg-config before the set-up installed the libraries.
built: setup
	@$(SUB_MAKE) MODE=$(MODE) all

tests-built: setup
	@$(SUB_MAKE) MODE=$(MODE) all tests-build

bench-built: setup
	@$(SUB_MAKE) MODE=$(MODE) bench-build

clean: ## Remove what was built (not var/, not the cache)
	rm -rf build

##@ Help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {print "\n" substr($$0, 5)} \
	      /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
