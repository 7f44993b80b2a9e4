package health_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

const staging = "https://coder-staging.example.com"

// against is a run that uses the deployment at this URL.
func against(url string) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { s.Primary.URL = url }
}

// valued is a satellite that was deployed with this primary and this access URL in its values.
func valued(primary, access string) func(*snapshot.Snapshot) {
	return installed(func(s *satellite.State) { s.Values = satelliteValues(primary, access) })
}

// noted is a journal that names this primary.
func noted(primary string) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		s.ProviderJournal = snapshot.Known(&journal.Record{Operation: "migrate", Primary: primary, Before: &journal.Before{}})
	}
}

func noJournal(s *snapshot.Snapshot) { s.ProviderJournal = snapshot.Known[*journal.Record](nil) }

func TestPrimaryIsPrimary(t *testing.T) {
	serves := func(key, fingerprint string) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			s.Primary.ServedKey = snapshot.Known(coder.SatelliteKey{Key: key, Fingerprint: fingerprint})
		}
	}
	fresh := both(absent, noJournal)
	unsaid := func(s *snapshot.Snapshot) { lose(&s.Primary.ServedKey) }
	answers(t, map[string]row{
		"a primary": {"primary-is-primary", as, v1alpha1.CheckPass, "serves no satellite's key", ""},
		"another region's satellite": {"primary-is-primary", both(fresh, against("https://coder-london.example.com"), serves("a key", "SHA256:london")),
			v1alpha1.CheckFail, `https://coder-london.example.com leads to the satellite "london", not to the primary`, "coder login URL"},
		"one that is not registered": {"primary-is-primary", both(fresh, serves("a key", "SHA256:new")), v1alpha1.CheckFail, "leads to a satellite, not to the primary", "--coder-url"},
		"a key without fingerprint":  {"primary-is-primary", both(fresh, serves("a key", "")), v1alpha1.CheckFail, "leads to a satellite", "--coder-url"},
		"where the primary is":       {"primary-is-primary", both(against("https://coder-london.example.com"), serves("a key", "SHA256:london")), v1alpha1.CheckFail, "leads to the satellite", "coder login " + primaryURL},
		"one whose key nobody printed": {"primary-is-primary", both(fresh, serves("a key", ""), func(s *snapshot.Snapshot) {
			s.Registrations = snapshot.Known([]coder.Satellite{{ID: "r1", Name: "london"}})
		}), v1alpha1.CheckFail, "leads to a satellite, not to the primary", "--coder-url"},
		"where the primary was": {"primary-is-primary", serves("a key", ""), v1alpha1.CheckFail, "leads to a satellite", "coder login URL"},
		"the journal knows":     {"primary-is-primary", both(absent, noted(primaryURL), against("https://coder-london.example.com"), serves("a key", "")), v1alpha1.CheckFail, "leads to a satellite", "coder login " + primaryURL},
		"the region's own": {"primary-is-primary", both(fresh, against("https://Coder-Sydney.example.com:443")), v1alpha1.CheckFail,
			`is the access URL of region "sydney": it leads to a satellite`, "coder login URL"},
		"its own, and silent": {"primary-is-primary", both(against(accessURL), unsaid), v1alpha1.CheckFail, "is the access URL", "coder login " + primaryURL},
		"the installed one's": {"primary-is-primary", both(against(accessURL), func(s *snapshot.Snapshot) { s.Region.Satellite.AccessURL = "" }), v1alpha1.CheckFail, "is the access URL", ""},
		"no answer":           {"primary-is-primary", unsaid, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"not asked":           {"primary-is-primary", func(s *snapshot.Snapshot) { s.Primary.ServedKey = snapshot.Fact[coder.SatelliteKey]{} }, v1alpha1.CheckUnknown, "not collected", ""},
	})
}

// A registration is matched to the satellite by the key's fingerprint, in whichever form the key
// is given.
func TestRegistrationByKey(t *testing.T) {
	der, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public())
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	fingerprint, err := coder.Fingerprint(key)
	if err != nil {
		t.Fatal(err)
	}
	s := healthy()
	s.Primary.ServedKey = snapshot.Known(coder.SatelliteKey{Key: key, Fingerprint: "aa:bb"})
	s.Registrations = snapshot.Known([]coder.Satellite{{ID: "r1", Name: "london", Fingerprint: fingerprint}})
	if got := answer(t, "primary-is-primary", s); !strings.Contains(got.Message, `leads to the satellite "london"`) {
		t.Error(got.Message)
	}
}

func TestPrimarySame(t *testing.T) {
	silentJournal := func(s *snapshot.Snapshot) { lose(&s.SatelliteJournal) }
	answers(t, map[string]row{
		"the same":          {"primary-same", as, v1alpha1.CheckPass, primaryURL, ""},
		"written otherwise": {"primary-same", both(valued("https://CODER.example.com:443/", accessURL), noted(primaryURL+"/")), v1alpha1.CheckPass, primaryURL, ""},
		"another primary": {"primary-same", against(staging), v1alpha1.CheckFail,
			"installed for the primary " + primaryURL + " and the journal names the primary " + primaryURL + ", but this one is " + staging, "explain primary-same"},
		"another satellite":    {"primary-same", valued(staging, accessURL), v1alpha1.CheckFail, "installed for the primary " + staging + ", but this one is " + primaryURL, "use that primary"},
		"another journal":      {"primary-same", noted(staging), v1alpha1.CheckFail, "the journal names the primary " + staging + ", but this one is " + primaryURL, "use that primary"},
		"begun with another":   {"primary-same", both(absent, noted(staging)), v1alpha1.CheckFail, "the journal names the primary " + staging, "use that primary"},
		"by the journal alone": {"primary-same", both(absent, noted(primaryURL)), v1alpha1.CheckPass, primaryURL, ""},
		"of an old version":    {"primary-same", noted(""), v1alpha1.CheckPass, primaryURL, ""},
		"fresh":                {"primary-same", both(absent, noJournal), v1alpha1.CheckSkipped, "no primary yet", ""},
		"rolled back": {"primary-same", both(absent, func(s *snapshot.Snapshot) {
			s.ProviderJournal = snapshot.Known(&journal.Record{Operation: "rollback", Outcome: v1alpha1.OutcomeSucceeded, Primary: staging})
		}), v1alpha1.CheckSkipped, "no primary yet", ""},
		"satellite unknown":          {"primary-same", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"satellite unknown, noted":   {"primary-same", both(noState, noted(primaryURL)), v1alpha1.CheckPass, primaryURL, ""},
		"its journal unknown":        {"primary-same", both(absent, noJournal, silentJournal), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"its journal unknown, noted": {"primary-same", both(absent, noted(primaryURL), silentJournal), v1alpha1.CheckPass, primaryURL, ""},
		"satellite unknown, another": {"primary-same", both(noState, noted(staging)), v1alpha1.CheckFail, staging, ""},
		"journal unknown":            {"primary-same", func(s *snapshot.Snapshot) { lose(&s.ProviderJournal) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"journal unknown, another":   {"primary-same", both(against(staging), func(s *snapshot.Snapshot) { lose(&s.ProviderJournal) }), v1alpha1.CheckFail, primaryURL, ""},
	})
}

// The provider belongs to another cluster, although no address shows it.
func TestProviderByEnvproxy(t *testing.T) {
	reached := func(url string) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			edit(&s.Provider, func(p *coder.Provider) { p.EnvproxyAccessURL = url })
		}
	}
	serves := func(url string) func(*snapshot.Snapshot) {
		return release(func(r *legacy.Release) { r.AccessURL = url })
	}
	here := func(s *snapshot.Snapshot) { // its cluster address is the one of the context
		s.Primary.Providers = snapshot.Known([]coder.Provider{{ID: "p", Name: "sydney", Config: coder.ProviderConfig{ClusterAddress: s.Cluster.Value().Server}}})
	}
	const london = "https://envproxy-london.example.com"
	answers(t, map[string]row{
		"the release's":      {"provider-found", reached("https://Envproxy.example.com:443"), v1alpha1.CheckPass, `"sydney"`, ""},
		"another's":          {"provider-found", reached(london), v1alpha1.CheckFail, `is reached at ` + london + `, but the legacy release coder/coder-workspace-provider of context "sydney" serves ` + envproxyURL, "name the provider of this cluster"},
		"another's release":  {"provider-found", both(here, serves(london)), v1alpha1.CheckFail, "serves " + london, "another context"},
		"it names none":      {"provider-found", reached(""), v1alpha1.CheckPass, `"sydney"`, ""},
		"release names none": {"provider-found", serves(""), v1alpha1.CheckPass, `"sydney"`, ""},
		"no release":         {"provider-found", noRelease(), v1alpha1.CheckPass, `"sydney"`, ""},
		"which release":      {"provider-found", noLegacy, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"known by address":   {"provider-found", both(here, noLegacy), v1alpha1.CheckPass, `"sydney"`, ""},
	})
}

func TestAccessURLChange(t *testing.T) {
	const other = "https://coder-sidney.example.com"
	changed := func(s *snapshot.Snapshot) { s.Region.Satellite.AccessURL = other }
	stage := func(why string, unseen bool) probe.Result {
		return probe.Result{Stage: "DNS", Err: &probe.Error{Message: "DNS says " + why, Unseen: unseen}}
	}
	nameless := both(changed, silent(stage("no such name", false)))
	balanced := installed(func(s *satellite.State) {
		s.Values, s.LoadBalancer = satelliteValues(primaryURL, accessURL), []string{"203.0.113.7", "203.0.113.8"}
	})
	answers(t, map[string]row{
		"as it is":        {"access-url-change", as, v1alpha1.CheckPass, "is " + accessURL + " already", ""},
		"a slash":         {"access-url-change", valued(primaryURL, accessURL+":443/"), v1alpha1.CheckPass, "already", ""},
		"no such name":    {"access-url-change", nameless, v1alpha1.CheckFail, "would change from " + accessURL + " to " + other + ", where nobody reaches it: DNS says no such name", "create the DNS record first, or correct"},
		"which record":    {"access-url-change", both(nameless, balanced), v1alpha1.CheckFail, other, "create the DNS record first, to 203.0.113.7, 203.0.113.8, or correct"},
		"no address":      {"access-url-change", both(changed, silent(stage("bad target", false))), v1alpha1.CheckFail, "bad target", "DNS record"},
		"connectTo":       {"access-url-change", both(nameless, func(s *snapshot.Snapshot) { s.Region.Satellite.ConnectTo = "203.0.113.7:443" }), v1alpha1.CheckPass, "known where that leads", ""},
		"resolves":        {"access-url-change", both(changed, silent(probe.Result{Stage: "TCP", Err: errors.New("refused")})), v1alpha1.CheckPass, "from " + accessURL + " to " + other, ""},
		"answers already": {"access-url-change", changed, v1alpha1.CheckPass, "known where", ""},
		"DNS is slow":     {"access-url-change", both(changed, silent(stage("timed out", true))), v1alpha1.CheckUnknown, "timed out", ""},
		"DNS is broken":   {"access-url-change", both(changed, silent(stage("failed", true))), v1alpha1.CheckUnknown, "failed", ""},
		"interrupted":     {"access-url-change", both(changed, silent(stage("interrupted", true))), v1alpha1.CheckUnknown, "interrupted", ""},
		"not probed":      {"access-url-change", both(changed, func(s *snapshot.Snapshot) { lose(&s.Endpoint) }), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"not installed":   {"access-url-change", both(nameless, absent), v1alpha1.CheckSkipped, "no satellite is installed", ""},
		"which satellite": {"access-url-change", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}

// If the access URL leads elsewhere, a proxied request there says nothing about this satellite.
func TestProxiesByAnother(t *testing.T) {
	answers(t, map[string]row{
		"another key": {"satellite-proxies", serving("other", "SHA256:other"), v1alpha1.CheckSkipped, "does not lead to the satellite", ""},
	})
}

// Every verb that changes something checks that it has the right primary and provider, and none
// of these checks is only a warning.
func TestTargetChecksCount(t *testing.T) {
	for _, id := range []string{"primary-is-primary", "primary-same", "access-url-change", "provider-found"} {
		check, ok := health.Find(id)
		if !ok || !check.Info.Preflight || check.Info.Severity != v1alpha1.SeverityError {
			t.Errorf("%s: %+v", id, check.Info)
		}
	}
}

// If a satellite's key is gone but its pods still serve it, no hint suggests removing the
// registration that its users depend on.
func TestKeyThatIsGone(t *testing.T) {
	gone := installed(func(s *satellite.State) { s.PublicKey, s.Fingerprint = "", "" })
	recorded := installed(func(s *satellite.State) {
		s.RecordedKey, s.RecordedFingerprint = s.PublicKey, s.Fingerprint
		s.PublicKey, s.Fingerprint = "", ""
	})
	another := installed(func(s *satellite.State) {
		s.PublicKey, s.Fingerprint, s.RecordedKey, s.RecordedFingerprint = "", "", "another key", "SHA256:another"
	})
	silent := func(s *snapshot.Snapshot) {
		recorded(s)
		edit(&s.Endpoint, func(e *snapshot.Endpoint) { e.KeyErr = errors.New("nothing answers") })
	}
	noWayBack := func(s *snapshot.Snapshot) {
		gone(s)
		s.Primary.Version = snapshot.Known(version("1.22.3"))
		edit(&s.Provider, func(p *coder.Provider) { p.EnableNetV2 = nil })
	}
	const migrate, uninstall = "kubectl coder-satellite migrate", "helm --kube-context sydney uninstall coder-satellite --namespace coder-satellite"
	answers(t, map[string]row{
		"while it is served":              {"access-url-free", gone, v1alpha1.CheckFail, "the Secret with it is gone", "rollback"},
		"registered":                      {"registration-name", gone, v1alpha1.CheckFail, "the Secret with its key is gone", "restore the Secret"},
		"without a way back":              {"access-url-free", noWayBack, v1alpha1.CheckFail, "the Secret with it is gone", uninstall},
		"in Helm's record":                {"access-url-free", recorded, v1alpha1.CheckPass, "it is restored from Helm's record", ""},
		"in Helm's record, registered":    {"registration-name", recorded, v1alpha1.CheckPass, "is registered with this satellite's key", ""},
		"in Helm's record, status":        {"access-url", recorded, v1alpha1.CheckFail, "the cluster has no key", migrate},
		"in Helm's record, silent":        {"access-url", silent, v1alpha1.CheckFail, "the cluster has no key", migrate},
		"another one in Helm's record":    {"access-url-free", another, v1alpha1.CheckFail, "the Secret with it is gone", "rollback"},
		"another one, the hint of status": {"access-url", another, v1alpha1.CheckFail, "the cluster has no key", "restore the Secret"},
	})
}
