package satellite

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDescribe(t *testing.T) {
	deployed := &release.Release{Version: 2, Chart: newChart("1.21.7"), Config: map[string]any{"a": 1}}
	for name, test := range map[string]struct {
		records releaseRecords
		want    State
	}{
		"nothing":                {releaseRecords{}, State{}},
		"deployed":               {releaseRecords{last: 2, lastStatus: "deployed", deployed: deployed}, State{Installed: true, Revision: 2, LastRevision: 2, LastStatus: "deployed", ChartName: "coder", ChartVersion: "1.21.7", AppVersion: "1.21.7", Values: deployed.Config}},
		"first install pending":  {releaseRecords{last: 1, lastStatus: "pending-install"}, State{LastRevision: 1, LastStatus: "pending-install", Pending: true}},
		"upgrade pending":        {releaseRecords{last: 3, lastStatus: "pending-upgrade", deployed: deployed}, State{Installed: true, Revision: 2, LastRevision: 3, LastStatus: "pending-upgrade", Pending: true, ChartName: "coder", ChartVersion: "1.21.7", AppVersion: "1.21.7", Values: deployed.Config}},
		"rollback pending":       {releaseRecords{last: 3, lastStatus: "pending-rollback"}, State{LastRevision: 3, LastStatus: "pending-rollback", Pending: true}},
		"uninstall cut off":      {releaseRecords{last: 1, lastStatus: "uninstalling"}, State{LastRevision: 1, LastStatus: "uninstalling", Pending: true}},
		"failed":                 {releaseRecords{last: 1, lastStatus: "failed"}, State{LastRevision: 1, LastStatus: "failed"}},
		"a record without chart": {releaseRecords{last: 1, lastStatus: "deployed", deployed: &release.Release{Version: 1}}, State{Installed: true, Revision: 1, LastRevision: 1, LastStatus: "deployed"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got State
			test.records.describe(&got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMatches(t *testing.T) {
	wanted := &Chart{Chart: newChart("1.21.7")}
	spec := Spec{Values: map[string]any{"replicas": 2, "token": "hunter2"}}
	same := State{Installed: true, ChartName: "coder", ChartVersion: "1.21.7", Values: map[string]any{"replicas": float64(2), "token": "hunter2"}}
	other := func(change func(*State)) State { s := same; change(&s); return s }
	for name, test := range map[string]struct {
		state State
		want  []string
	}{
		"the same":       {same, nil},
		"not installed":  {State{}, []string{"no revision is deployed"}},
		"pending":        {other(func(s *State) { s.Pending, s.LastStatus = true, "pending-upgrade" }), []string{"a Helm run on it did not end: pending-upgrade"}},
		"another chart":  {other(func(s *State) { s.ChartVersion = "1.21.6" }), []string{"chart coder 1.21.6 -> coder 1.21.7"}},
		"another values": {other(func(s *State) { s.Values = nil }), []string{"the values differ"}},
	} {
		t.Run(name, func(t *testing.T) {
			matches, got := test.state.Matches(spec, wanted)
			if diff := cmp.Diff(test.want, got); diff != "" || matches != (len(test.want) == 0) {
				t.Errorf("%v: %s", matches, diff)
			}
		})
	}
}

// A satellite that was installed as Coder's documentation shows is not another one.
func TestMatchesDocumentedValues(t *testing.T) {
	satellite := func(enable any, slash string) map[string]any {
		return map[string]any{"coderd": map[string]any{"satellite": map[string]any{
			"enable": enable, "primaryURL": primaryURL + slash, "accessURL": accessURL + slash,
		}}}
	}
	state := State{Installed: true, ChartName: "coder", ChartVersion: "1.21.7", Values: satellite("true", "/")}
	if same, differences := state.Matches(Spec{Values: satellite(true, "")}, &Chart{Chart: newChart("1.21.7")}); !same {
		t.Errorf("it differs: %q", differences)
	}
}

func TestConflict(t *testing.T) {
	owned := func(release string) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"meta.helm.sh/release-name": release}}}
	}
	for want, deployment := range map[string]*appsv1.Deployment{
		"": owned("coder-satellite"),
		`namespace "ns" already has a Deployment coderd of the Helm release coder, and two Coder deployments cannot share a namespace`: owned("coder"),
		`namespace "ns" already has a Deployment coderd of nobody's Helm release, and two Coder deployments cannot share a namespace`:  {},
	} {
		if got := conflict(deployment, "ns", "coder-satellite"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := conflict(nil, "ns", "coder-satellite"); got != "" {
		t.Errorf("no Deployment: %q", got)
	}
}

func TestAddresses(t *testing.T) {
	service := &corev1.Service{Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{
		{Hostname: "lb.example.com"}, {IP: "203.0.113.7"}, {IP: "2001:db8::7", Hostname: "six.example.com"},
	}}}}
	want := []string{"203.0.113.7", "2001:db8::7", "lb.example.com", "six.example.com"}
	if diff := cmp.Diff(want, addresses(service)); diff != "" {
		t.Error(diff)
	}
}
