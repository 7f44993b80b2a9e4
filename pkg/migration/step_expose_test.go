package migration

import (
	"errors"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// The step waits until the access URL works. A missing address is reported only for an object
// that will get one.
func TestExposed(t *testing.T) {
	noName := probe.Result{Stage: "DNS", Err: errors.New("no such host")}
	refused := probe.Result{Stage: "TCP", Err: errors.New("refused")}
	for name, test := range map[string]struct {
		of        string
		addresses []string
		reach     probe.Result
		served    string // the key
		want      string // part of what is missing; empty if nothing is
	}{
		"answers without an address":       {"Service coderd", nil, probe.Result{}, ownKey, ""},
		"answers through a way of its own": {"", nil, probe.Result{}, ownKey, ""},
		"another key, no address":          {"", nil, probe.Result{}, "another key", "leads to another deployment"},
		"a load balancer to come":          {"Service coderd", nil, noName, "", "Service coderd has no address yet (DNS: no such host)"},
		"an Ingress to come":               {"Ingress coderd-ingress", nil, refused, "", "Ingress coderd-ingress has no address yet (TCP: refused)"},
		"an Ingress":                       {"Ingress coderd-ingress", []string{"203.0.113.8"}, noName, "", "create the DNS record coder-sydney.example.com A 203.0.113.8"},
		"a way of its own, no name":        {"", nil, noName, "", "create the DNS record of coder-sydney.example.com; Service coderd has no load balancer"},
		"answers without a key":            {"Service coderd", nil, probe.Result{}, "", "nothing answers"},
		"a way of its own, refused":        {"", nil, refused, "", "TCP: refused"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			s.Satellite = snapshot.Known(satellite.State{PublicKey: ownKey, Fingerprint: ownFingerprint, LoadBalancer: test.addresses, AddressOf: test.of})
			endpoint := snapshot.Endpoint{Reach: test.reach, Key: coder.SatelliteKey{Key: test.served}}
			if test.served == "" {
				endpoint.KeyErr = errNothing
			}
			s.Endpoint = snapshot.Known(endpoint)
			err := exposed(s)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if is[*manualError](err) != strings.Contains(test.want, "create the DNS record") {
				t.Errorf("requires the operator: %t, %v", is[*manualError](err), err)
			}
		})
	}
}

// If the satellite is unknown, the error says only that.
func TestExposedUnknown(t *testing.T) {
	s := fresh(t)
	s.Satellite = snapshot.Unknown[satellite.State](errNothing)
	s.Endpoint = snapshot.Known(snapshot.Endpoint{KeyErr: errNothing, Reach: probe.Result{Stage: "DNS", Err: errors.New("no such host")}})
	if err := exposed(s); !errors.Is(err, errNothing) || strings.Contains(err.Error(), "DNS") {
		t.Errorf("error %v", err)
	}
}
