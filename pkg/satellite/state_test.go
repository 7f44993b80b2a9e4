package satellite

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

func TestDescribe(t *testing.T) {
	deployed := &release.Release{Version: 2, Chart: newChart("1.21.7"), Config: map[string]any{"a": 1}}
	for name, test := range map[string]struct {
		records releaseRecords
		want    State
	}{
		"nothing":                {releaseRecords{}, State{}},
		"deployed":               {releaseRecords{last: 2, lastStatus: "deployed", deployed: deployed}, State{Installed: true, Revision: 2, LastRevision: 2, LastStatus: "deployed", ChartName: "coder", ChartVersion: "1.21.7", AppVersion: "1.21.7", Values: deployed.Config}},
		"first install pending":  {releaseRecords{last: 1, lastStatus: "pending-install"}, State{LastRevision: 1, LastStatus: "pending-install", Pending: &Pending{Revision: 1, Status: "pending-install", BackTo: 1}}},
		"upgrade pending":        {releaseRecords{last: 3, lastStatus: "pending-upgrade", deployed: deployed}, State{Installed: true, Revision: 2, LastRevision: 3, LastStatus: "pending-upgrade", Pending: &Pending{Revision: 3, Status: "pending-upgrade", BackTo: 2}, ChartName: "coder", ChartVersion: "1.21.7", AppVersion: "1.21.7", Values: deployed.Config}},
		"rollback pending":       {releaseRecords{last: 3, lastStatus: "pending-rollback"}, State{LastRevision: 3, LastStatus: "pending-rollback", Pending: &Pending{Revision: 3, Status: "pending-rollback", BackTo: 3}}},
		"uninstall cut off":      {releaseRecords{last: 1, lastStatus: "uninstalling"}, State{LastRevision: 1, LastStatus: "uninstalling", Pending: &Pending{Revision: 1, Status: "uninstalling", BackTo: 1}}},
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
	byFlux := func(version string) State {
		return other(func(s *State) { s.ChartVersion, s.Control.Owner.Tool = version, gitops.Flux })
	}
	for name, test := range map[string]struct {
		state State
		want  []string
	}{
		"the same":         {same, nil},
		"not installed":    {State{}, []string{"no revision is deployed"}},
		"pending":          {other(func(s *State) { s.Pending, s.LastStatus = &Pending{}, "pending-upgrade" }), []string{"a Helm operation on it did not end: pending-upgrade"}},
		"a failed upgrade": {other(func(s *State) { s.Revision, s.LastRevision, s.LastStatus = 1, 2, "failed" }), []string{"revision 1 is deployed, and a newer one, 2, is failed"}},
		"another chart":    {other(func(s *State) { s.ChartVersion = "1.21.6" }), []string{"chart coder 1.21.6 -> coder 1.21.7"}},
		"by Flux":          {byFlux("1.21.7"), nil},
		"by Flux, of OCI":  {byFlux("1.21.7+837a09e42de9"), nil},
		"by Flux, another": {byFlux("1.21.6+837a09e42de9"), []string{"chart coder 1.21.6+837a09e42de9 -> coder 1.21.7"}},
		"another build":    {other(func(s *State) { s.ChartVersion = "1.21.7+fork" }), []string{"chart coder 1.21.7+fork -> coder 1.21.7"}},
		"another values":   {other(func(s *State) { s.Values = nil }), []string{"the values differ"}},
	} {
		t.Run(name, func(t *testing.T) {
			matches, got := test.state.Matches(spec, wanted)
			if diff := cmp.Diff(test.want, got); diff != "" || matches != (len(test.want) == 0) {
				t.Errorf("%v: %s", matches, diff)
			}
		})
	}
}

// A satellite that was installed as Coder's documentation shows is recognised as the same.
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
		if got := conflict(deployment, gitops.Owner{}, "ns", "coder-satellite"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := conflict(nil, gitops.Owner{}, "ns", "coder-satellite"); got != "" {
		t.Errorf("no Deployment: %q", got)
	}
}

func TestExposure(t *testing.T) {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: "ns"} }
	service := func(kind corev1.ServiceType, points ...corev1.LoadBalancerIngress) *corev1.Service {
		return &corev1.Service{ObjectMeta: meta("coderd"), Spec: corev1.ServiceSpec{Type: kind}, Status: corev1.ServiceStatus{
			LoadBalancer: corev1.LoadBalancerStatus{Ingress: points},
		}}
	}
	ingress := func(points ...networkingv1.IngressLoadBalancerIngress) *networkingv1.Ingress {
		return &networkingv1.Ingress{ObjectMeta: meta("coderd-ingress"), Status: networkingv1.IngressStatus{
			LoadBalancer: networkingv1.IngressLoadBalancerStatus{Ingress: points},
		}}
	}
	for name, test := range map[string]struct {
		objects   []runtime.Object
		addresses []string
		of        string
	}{
		"nothing": {},
		"a load balancer": {[]runtime.Object{service(corev1.ServiceTypeLoadBalancer,
			corev1.LoadBalancerIngress{Hostname: "lb.example.com"}, corev1.LoadBalancerIngress{IP: "203.0.113.7"},
			corev1.LoadBalancerIngress{IP: "2001:db8::7", Hostname: "six.example.com"},
		)}, []string{"203.0.113.7", "2001:db8::7", "lb.example.com", "six.example.com"}, "Service coderd"},
		"a load balancer to come": {[]runtime.Object{service(corev1.ServiceTypeLoadBalancer)}, nil, "Service coderd"},
		"an Ingress": {[]runtime.Object{service(corev1.ServiceTypeClusterIP), ingress(
			networkingv1.IngressLoadBalancerIngress{Hostname: "in.example.com"}, networkingv1.IngressLoadBalancerIngress{IP: "203.0.113.8"},
		)}, []string{"203.0.113.8", "in.example.com"}, "Ingress coderd-ingress"},
		"an Ingress to come":    {[]runtime.Object{service(corev1.ServiceTypeClusterIP), ingress()}, nil, "Ingress coderd-ingress"},
		"a way of its own":      {[]runtime.Object{service(corev1.ServiceTypeNodePort)}, nil, ""},
		"an Ingress, not asked": {[]runtime.Object{service(corev1.ServiceTypeLoadBalancer), ingress(networkingv1.IngressLoadBalancerIngress{IP: "203.0.113.8"})}, nil, "Service coderd"},
	} {
		t.Run(name, func(t *testing.T) {
			addresses, of, err := objects{fake.NewClientset(test.objects...), "ns"}.exposure(t.Context())
			if diff := cmp.Diff(test.addresses, addresses, cmpopts.EquateEmpty()); diff != "" || of != test.of || err != nil {
				t.Errorf("%q, %v: %s", of, err, diff)
			}
		})
	}
	// an operator who may not read Ingresses still gets every other fact
	client := fake.NewClientset(service(corev1.ServiceTypeClusterIP))
	client.PrependReactor("get", "ingresses", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "ingresses"}, "coderd-ingress", nil)
	})
	if addresses, of, err := (objects{client, "ns"}).exposure(t.Context()); err != nil || len(addresses) > 0 || of != "" {
		t.Errorf("forbidden: %v, %q, %v", addresses, of, err)
	}
}
