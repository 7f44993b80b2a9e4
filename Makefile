# `make help` lists the targets. Nothing is needed but Go, make and git; the race
# detector also needs a C compiler, and is left out where there is none.

# The release that is being prepared. The release workflow gives the tag.
VERSION ?= v0.1.0

# Tools that are run but never linked, at fixed versions. What the module itself
# can hold (helm, krew) is a tool in go.mod.
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
DEEPCOPY_GEN  := k8s.io/code-generator/cmd/deepcopy-gen@v0.37.2
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# The Kubernetes that the lab runs: charts with a kubeVersion ask for it.
KUBE_MAJOR   := 1
KUBE_MINOR   := 37
KUBE_VERSION := v1.37.2

GO    ?= go
EXE   := $(shell $(GO) env GOEXE)
RACE  ?= $(if $(shell command -v cc 2>/dev/null),-race)
FUZZTIME ?= 10s
TIMEOUT  ?= 30m
WALK     ?= 10m
REGIONS  ?= 3
SCALE    ?= 1000
SCALE_REGIONS ?= 10

PLUGIN  := bin/kubectl-coder_satellite$(EXE)
LAB     := bin/coder-satellite-lab$(EXE)
HELM    := bin/helm$(EXE)
HELM4   := bin/helm4$(EXE)
KUBECTL := bin/kubectl$(EXE)
KREW    := bin/krew$(EXE)
KREW_VALIDATE := bin/validate-krew-manifest$(EXE)
TOOLS  := $(HELM) $(HELM4) $(KREW) $(KREW_VALIDATE)
HELM_CONTROLLER := bin/helm-controller$(EXE)
FLUX_CRDS := bin/flux-crds

# A binary is rebuilt when a file that goes into it is newer, tests aside.
# Unchanged files keep their binaries, so a second `make` does nothing.
MODFILES    := go.mod go.sum
PLUGIN_SRC  := $(shell find cmd pkg -type f ! -name '*_test.go' ! -path '*/testdata/*' ! -path '*/codertest/*' 2>/dev/null)
LAB_SRC     := $(shell find test/lab pkg/coder -type f ! -name '*_test.go' 2>/dev/null)

KUBE_LDFLAGS := $(foreach set,gitVersion=$(KUBE_VERSION) gitMajor=$(KUBE_MAJOR) gitMinor=$(KUBE_MINOR),-X k8s.io/component-base/version.$(set))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

##@ Everyday

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z][a-z-]*:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: $(PLUGIN) ## Build the plugin into bin/

.PHONY: test
test: $(PLUGIN) $(LAB) $(TOOLS) ## Build everything, then run the tests of all modules, but the long ones
	$(GO) test $(RACE) -timeout $(TIMEOUT) ./cmd/... ./pkg/... ./test/dist/... ./test/docs/... ./test/licenses/... ./test/schema/...
	$(MAKE) --no-print-directory --jobs=3 --output-sync=target $(E2E) test-walk-sample
	cd test/lab && $(GO) test -timeout $(TIMEOUT) ./...
	cd test/image && $(GO) test -timeout $(TIMEOUT) ./...

# The lab is tested without the race detector: Kubernetes would be compiled twice.
# The end-to-end tests wait more than they compute, so they run in two labs side by
# side: the first half of the alphabet in one, the second in the other. Those of more
# than half a minute are called TestLong..., and have a target of their own.
E2E      := test-e2e-a-n test-e2e-o-z
E2E_LONG := test-e2e-long-a-n test-e2e-long-o-z

.PHONY: $(E2E) $(E2E_LONG) test-topology test-crash-sample test-walk-sample
test-e2e-a-n: PART := -run '^Test[A-N]' -skip '^TestLong'
test-e2e-o-z: PART := -run '^Test[O-Z]'
test-e2e-long-a-n: PART := -run '^TestLong[A-N]'
test-e2e-long-o-z: PART := -run '^TestLong[O-Z]'
$(E2E) $(E2E_LONG):
	$(GO) test -count=1 -timeout $(TIMEOUT) $(PART) ./test/e2e/...

.PHONY: test-long
test-long: $(PLUGIN) $(LAB) $(TOOLS) ## Run the long end-to-end tests, those of every shape of region, and a sample of test-crash
	$(MAKE) --no-print-directory --jobs=3 --output-sync=target $(E2E_LONG) test-topology test-crash-sample

test-topology:
	$(GO) test -count=1 -timeout $(TIMEOUT) ./test/topology

test-crash-sample:
	$(GO) test -count=1 -timeout $(TIMEOUT) -v ./test/crash

test-walk-sample:
	$(GO) test -count=1 -timeout $(TIMEOUT) -v ./test/walk

.PHONY: test-gitops
test-gitops: $(PLUGIN) $(LAB) $(HELM) $(HELM_CONTROLLER) $(FLUX_CRDS) ## Migrate and hand over what the real helm-controller of Flux reconciles
	$(GO) test -count=1 -timeout $(TIMEOUT) -v ./test/gitops

.PHONY: test-crash
test-crash: $(PLUGIN) $(LAB) $(TOOLS) ## Kill and mislead the plugin at every external call (some three hours)
	CODER_SATELLITE_OPERATORS=50 $(GO) test -count=1 -timeout $(TIMEOUT) -v -run TestTwoOperators ./test/e2e
	CODER_SATELLITE_CRASH=all $(GO) test -count=1 -timeout 12h -v ./test/crash ./test/topology

.PHONY: test-walk
test-walk: $(PLUGIN) $(LAB) $(TOOLS) ## Walk at random for WALK (10m) in each of REGIONS (3) labs, and look for what must not be
	CODER_SATELLITE_WALK_FOR=$(WALK) CODER_SATELLITE_WALK_REGIONS=$(REGIONS) $(GO) test -count=1 -timeout 48h -v ./test/walk

# Flux's and Argo CD's definitions come from their modules, which are only downloaded: nothing of them is compiled.
CRDS := github.com/fluxcd/helm-controller@v1.4.0:config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml \
  github.com/fluxcd/source-controller@v1.7.0:config/crd/bases/source.toolkit.fluxcd.io_helmrepositories.yaml \
  github.com/argoproj/argo-cd/v3@v3.1.0:manifests/crds/application-crd.yaml \
  github.com/argoproj/argo-cd/v3@v3.1.0:manifests/crds/applicationset-crd.yaml

.PHONY: test-export
test-export: $(PLUGIN) $(LAB) $(HELM) ## Check what export writes against the definitions of Flux and Argo CD, and adopt a satellite with it
	crds=$$(cd / && for crd in $(CRDS); do \
	  $(GO) mod download -json "$${crd%%:*}" | sed -n "s|.*\"Dir\": \"\(.*\)\".*|\1/$${crd##*:}|p"; \
	done); \
	CODER_SATELLITE_CRDS="$$crds" $(GO) test -count=1 -timeout $(TIMEOUT) -v ./test/export

.PHONY: test-jobs
test-jobs: $(PLUGIN) $(LAB) $(HELM) ## Migrate twelve regions by Jobs of the real Job controller, while their pods are deleted, evicted and killed
	CODER_SATELLITE_JOBS=1 $(GO) test -count=1 -timeout $(TIMEOUT) -v ./test/jobs

.PHONY: test-browser
test-browser: ## Look at the pages of report in Chromium, which must be on the PATH; CODER_SATELLITE_SCREENSHOTS=DIR keeps pictures
	CODER_SATELLITE_BROWSER=1 $(GO) test -count=1 -timeout $(TIMEOUT) -run TestInBrowser -v ./pkg/report

.PHONY: lint
lint: ## Run golangci-lint on all modules
	$(GO) run $(GOLANGCI_LINT) run ./...
	cd test/lab && $(GO) run $(GOLANGCI_LINT) run --config ../../.golangci.yml ./...
	cd test/image && $(GO) run $(GOLANGCI_LINT) run --config ../../.golangci.yml ./...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s)
	@grep -rlE --include='*_test.go' '^func Fuzz' pkg test | while read -r file; do \
	  sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file" | while read -r target; do \
	    echo "$$target ($$(dirname "$$file"))"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "./$$(dirname "$$file")"; \
	  done; \
	done

.PHONY: clean
clean: lab-down ## Stop the lab and remove what was built
	rm -rf bin dist .lab

##@ The lab: a primary and three regions on real Kubernetes API servers

.PHONY: demo
demo: $(PLUGIN) $(LAB) ## Migrate three regions in a lab of its own, show their status
	test/demo.sh

.PHONY: lab
lab: $(PLUGIN) $(LAB) ## Start a lab in .lab; then: source .lab/env
	$(LAB) up --dir .lab
	@echo 'The lab is up. Next: source .lab/env && kubectl coder-satellite status -f .lab/fleet.yaml'

.PHONY: lab-down
lab-down: ## Stop the lab in .lab
	@if [ -d .lab ] && [ -x $(LAB) ]; then $(LAB) down --dir .lab; fi

.PHONY: bench
bench: $(PLUGIN) $(LAB) $(HELM) $(KUBECTL) ## Compare start and status with the helm and kubectl commands they replace
	$(GO) test -count=1 -timeout $(TIMEOUT) -v ./test/bench

.PHONY: bench-scale
bench-scale: $(PLUGIN) $(LAB) $(HELM) $(KUBECTL) ## Measure status of SCALE (1000) virtual regions, and migrate of SCALE_REGIONS (10) real ones
	CODER_SATELLITE_SCALE=$(SCALE) CODER_SATELLITE_SCALE_REGIONS=$(SCALE_REGIONS) $(GO) test -count=1 -timeout $(TIMEOUT) -v ./test/scale

##@ Generated files

.PHONY: generate
generate: ## Regenerate the deep copies of pkg/api
	$(GO) run $(DEEPCOPY_GEN) --output-file zz_generated.deepcopy.go ./pkg/api/v1alpha1

.PHONY: docs
docs: ## Regenerate docs/reference, docs/schema and docs/checks.md
	$(GO) run ./test/docs

.PHONY: tidy-check
tidy-check: ## Fail if go.mod or go.sum of a module is not tidy
	$(GO) mod tidy -diff
	cd test/lab && $(GO) mod tidy -diff
	cd test/helm4 && $(GO) mod tidy -diff
	cd test/flux && $(GO) mod tidy -diff
	cd test/image && $(GO) mod tidy -diff
	@if grep -qE '^replace' go.mod; then echo 'go.mod: a replace here breaks go install MODULE@VERSION'; exit 1; fi

##@ Dependencies

.PHONY: licenses
licenses: ## List the modules linked into the plugin with their licences; fail if one is not allowed
	@$(GO) run ./test/licenses

.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities in the code that the plugin calls (needs vuln.go.dev)
	$(GO) run $(GOVULNCHECK) ./cmd/kubectl-coder_satellite

##@ Releases

.PHONY: dist
dist: ## Build the archives of six platforms, checksums, SBOM and plugins/coder-satellite.yaml
	$(GO) run ./test/dist -version $(VERSION)

.PHONY: krew-test
krew-test: $(LAB) $(TOOLS) ## Install, upgrade and remove what `make dist` made, with the real krew
	@test -f dist/checksums.txt || { echo 'dist/ is empty; run: make dist'; exit 1; }
	$(GO) test -count=1 -timeout $(TIMEOUT) -tags krew -v ./test/krew

# The image holds the same bytes as the archives of `make dist`. Each platform has a
# bill of materials of its own, so each is a run of its own.
.PHONY: image
image: ## Build a container image of the plugin for two architectures in bin/image, an OCI layout
	for arch in amd64 arm64; do \
	  $(GO) run ./test/dist -version $(VERSION) -platforms linux/$$arch -out bin/release/linux-$$arch; \
	done
	cd test/image && $(GO) run . -version $(VERSION) -releases ../../bin/release -out ../../bin/image

.PHONY: test-image
test-image: image ## Build the image again and compare; look into it; run it as non-root with a read-only root (Linux, root)
	cd test/image && CODER_SATELLITE_IMAGE=$(CURDIR)/bin/image $(GO) test -count=1 -timeout $(TIMEOUT) -v ./...

# Binaries. Compiled as `go test` and `go vet` compile, so that all share one build
# cache; only the linking differs. `make dist` builds what users get.

LDFLAGS := -s -w

$(PLUGIN): $(MODFILES) $(PLUGIN_SRC)
	$(GO) build -ldflags '$(LDFLAGS)' -o $@ ./cmd/kubectl-coder_satellite

$(LAB): $(MODFILES) $(LAB_SRC)
	cd test/lab && $(GO) build -ldflags '$(LDFLAGS) $(KUBE_LDFLAGS)' -o ../../$@ ./cmd/coder-satellite-lab

$(HELM): $(MODFILES)
	$(GO) build -ldflags '$(LDFLAGS)' -o $@ helm.sh/helm/v3/cmd/helm

# Helm 4 is a client that the end-to-end tests run. It has a module of its own, as
# it asks for newer libraries than the plugin.
$(HELM4): test/helm4/go.mod test/helm4/go.sum
	cd test/helm4 && $(GO) build -ldflags '$(LDFLAGS)' -o ../../$@ helm.sh/helm/v4/cmd/helm

# Flux's helm-controller, likewise, for the tests in test/gitops, which play the
# source-controller: of that only the CRDs are needed.
$(HELM_CONTROLLER): test/flux/go.mod test/flux/go.sum
	cd test/flux && $(GO) build -ldflags '$(LDFLAGS)' -o ../../$@ github.com/fluxcd/helm-controller

$(FLUX_CRDS): test/flux/go.mod test/flux/go.sum
	rm -rf $@ && mkdir -p $@
	cd test/flux && for name in helm-controller source-controller; do \
	  module=github.com/fluxcd/$$name@$$($(GO) list -m -f '{{.Version}}' github.com/fluxcd/$$name/api); \
	  $(GO) mod download $$module; \
	  install -m 644 "$$($(GO) env GOMODCACHE)/$$module"/config/crd/bases/*.yaml ../../$@/; \
	done

# The lab has a kubectl of its own, which is part of the lab's one big program; this
# one is for `make bench`, to compare with what people use.
$(KUBECTL): test/lab/go.mod test/lab/go.sum
	cd test/lab && $(GO) build -ldflags '$(LDFLAGS) $(KUBE_LDFLAGS)' -o ../../$@ k8s.io/kubernetes/cmd/kubectl

$(KREW): $(MODFILES)
	$(GO) build -ldflags '$(LDFLAGS)' -o $@ sigs.k8s.io/krew/cmd/krew

$(KREW_VALIDATE): $(MODFILES)
	$(GO) build -ldflags '$(LDFLAGS)' -o $@ sigs.k8s.io/krew/cmd/validate-krew-manifest
