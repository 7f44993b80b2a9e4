package walk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// denial is a kind of request that an admission policy denies to the operator.
type denial struct {
	cluster                             *cluster.Access
	namespace, group, version, resource string
	operations                          []admissionv1.OperationType
}

// denials are the possible denials for a provider and its satellite.
func (v *view) denials() []denial {
	write := []admissionv1.OperationType{admissionv1.Create, admissionv1.Update}
	list := []denial{
		{v.Direct, v.Namespace, "apps", "v1", "deployments", write},
		{v.Direct, v.Namespace, "", "v1", "secrets", write},
		{v.Direct, v.Namespace, "", "v1", "serviceaccounts", write},
		{v.Direct, v.Namespace, "", "v1", "configmaps", write},
		{v.Direct, v.Namespace, "coordination.k8s.io", "v1", "leases", write},
	}
	if v.Satellite == nil {
		return list
	}
	return append(list,
		denial{v.Satellite, inlab.SatelliteNamespace, "apps", "v1", "deployments", write},
		denial{v.Satellite, inlab.SatelliteNamespace, "", "v1", "secrets", write},
		denial{v.Satellite, inlab.SatelliteNamespace, "", "v1", "services", write},
		denial{v.Satellite, inlab.SatelliteNamespace, "", "v1", "configmaps", write},
		denial{v.Satellite, inlab.SatelliteNamespace, "coordination.k8s.io", "v1", "leases", write},
	)
}

// policyName is the name of the policy and of its binding.
const policyName = "walk"

func policyActions() []named {
	return []named{
		{"a policy denies writes", 6, func(ctx context.Context, _ *walker, v *view, s step) (string, error) {
			denied := chosen(s, v.denials())
			return fmt.Sprintf("of %s in namespace %s", denied.resource, denied.namespace), deny(ctx, denied)
		}},
		{"the policy is removed", 6, func(ctx context.Context, w *walker, _ *view, _ step) (string, error) {
			var errs []error
			for _, v := range w.views {
				errs = append(errs, ignoreMissing(v.allow(ctx)))
			}
			return "", errors.Join(errs...)
		}},
	}
}

// deny denies the requests to the operator only. The lab's controllers are not affected.
func deny(ctx context.Context, d denial) error {
	client := d.cluster.Clientset().AdmissionregistrationV1()
	_, err := client.ValidatingAdmissionPolicies().Create(ctx, &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: policyName},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: ptr.To(admissionv1.Fail),
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: d.operations,
					Rule:       admissionv1.Rule{APIGroups: []string{d.group}, APIVersions: []string{d.version}, Resources: []string{d.resource}},
				},
			}}},
			Validations: []admissionv1.Validation{{
				Expression: fmt.Sprintf("!(request.userInfo.username == 'operator' && request.namespace == '%s')", d.namespace),
				Message:    "walk says no",
			}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, err = client.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: policyName},
		Spec:       admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: policyName, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return untilDenied(ctx, []denial{d}, true)
}

// allow removes the policy from the clusters of a provider and its satellite, and waits until it
// has no effect any more.
func (v *view) allow(ctx context.Context) error {
	removed, err := removePolicy(ctx, v.Direct)
	if v.Satellite != nil && err == nil {
		var also bool
		also, err = removePolicy(ctx, v.Satellite)
		removed = removed || also
	}
	if err != nil || !removed {
		return err
	}
	return untilDenied(ctx, v.denials(), false)
}

// removePolicy reports whether there was a policy to remove.
func removePolicy(ctx context.Context, access *cluster.Access) (removed bool, err error) {
	client := access.Clientset().AdmissionregistrationV1()
	bindingErr := client.ValidatingAdmissionPolicyBindings().Delete(ctx, policyName, metav1.DeleteOptions{})
	policyErr := client.ValidatingAdmissionPolicies().Delete(ctx, policyName, metav1.DeleteOptions{})
	return bindingErr == nil || policyErr == nil, errors.Join(ignoreMissing(bindingErr), ignoreMissing(policyErr))
}

// untilDenied waits until the API servers enforce the policy, or no longer do, as wanted.
func untilDenied(ctx context.Context, tried []denial, wanted bool) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		denied := false
		for _, d := range tried {
			denied = denied || isDenied(ctx, d)
		}
		if denied == wanted {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("the policy has no effect")
		case <-ticker.C:
		}
	}
}

// isDenied tries to create an object with a dry run.
func isDenied(ctx context.Context, d denial) bool {
	client, dry := d.cluster.Clientset(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	meta := metav1.ObjectMeta{GenerateName: "walk-"}
	var err error
	switch d.resource {
	case "deployments":
		_, err = client.AppsV1().Deployments(d.namespace).Create(ctx, deploymentOfNothing(meta), dry)
	case "secrets":
		_, err = client.CoreV1().Secrets(d.namespace).Create(ctx, &corev1.Secret{ObjectMeta: meta}, dry)
	case "serviceaccounts":
		_, err = client.CoreV1().ServiceAccounts(d.namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, dry)
	case "services":
		_, err = client.CoreV1().Services(d.namespace).Create(ctx, &corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}, dry)
	case "configmaps":
		_, err = client.CoreV1().ConfigMaps(d.namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: meta}, dry)
	case "leases":
		_, err = client.CoordinationV1().Leases(d.namespace).Create(ctx, &coordinationv1.Lease{ObjectMeta: meta}, dry)
	}
	return err != nil && strings.Contains(err.Error(), "walk says no")
}
