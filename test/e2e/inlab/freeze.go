package inlab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// FrozenMessage is the API server's message when Freeze forbids an update.
const FrozenMessage = "this Deployment is frozen until Monday"

const frozenPolicy = "e2e-frozen"

// Freeze makes a region's API server refuse every update of a Deployment, like a change freeze by
// an admission policy. It returns once the policy is in force. thaw removes the policy and waits
// until it has no effect any more.
func (l *Lab) Freeze(ctx context.Context, region, namespace, deployment string) (thaw func(context.Context) error, err error) {
	access, err := l.Access(region)
	if err != nil {
		return nil, err
	}
	client := access.Clientset()
	policies := client.AdmissionregistrationV1()
	_, policyErr := policies.ValidatingAdmissionPolicies().Create(ctx, freezing(deployment), metav1.CreateOptions{})
	_, bindingErr := policies.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: frozenPolicy},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: frozenPolicy, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}, metav1.CreateOptions{})
	if err := errors.Join(policyErr, bindingErr); err != nil {
		return nil, err
	}
	thaw = func(ctx context.Context) error {
		policyErr := policies.ValidatingAdmissionPolicies().Delete(ctx, frozenPolicy, metav1.DeleteOptions{})
		bindingErr := policies.ValidatingAdmissionPolicyBindings().Delete(ctx, frozenPolicy, metav1.DeleteOptions{})
		if err := errors.Join(ignoreNotFound(policyErr), ignoreNotFound(bindingErr)); err != nil {
			return err
		}
		return untilFrozen(ctx, client, namespace, deployment, false)
	}
	return thaw, untilFrozen(ctx, client, namespace, deployment, true)
}

// freezing is the policy that refuses updates of Deployments of that name.
func freezing(deployment string) *admissionv1.ValidatingAdmissionPolicy {
	fail := admissionv1.Fail
	return &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: frozenPolicy},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
				ResourceNames: []string{deployment},
				RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Update},
					Rule:       admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"}},
				},
			}}},
			Validations: []admissionv1.Validation{{Expression: "false", Message: FrozenMessage}},
		},
	}
}

// untilFrozen waits until a dry run of an update is refused, or until it is not, as wanted.
func untilFrozen(ctx context.Context, client kubernetes.Interface, namespace, deployment string, wanted bool) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, err := client.AppsV1().Deployments(namespace).Patch(ctx, deployment, types.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"e2e":"tried"}}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		if frozen := err != nil && strings.Contains(err.Error(), FrozenMessage); frozen == wanted {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the freeze of %s is not %t: %w", deployment, wanted, err)
		case <-ticker.C:
		}
	}
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
