package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Rule is one right: a verb on a resource, in a namespace or in the cluster.
type Rule struct {
	Namespace             string // empty for resources of the cluster, and for all namespaces
	Group, Resource, Verb string // the core group is empty
	Name                  string // restricts the rule to one object; empty means any
}

// String returns the rule in words, "create deployments.apps in namespace x".
func (r Rule) String() string {
	words := r.Verb + " " + r.Resource
	if r.Group != "" {
		words += "." + r.Group
	}
	if r.Name != "" {
		words += " " + r.Name
	}
	if r.Namespace == "" {
		return words + " in the whole cluster"
	}
	return words + " in namespace " + r.Namespace
}

// InWords returns the rules in words and in their order, merged by objects: "create, update secrets in namespace x".
func InWords(rules []Rule) []string {
	var merged []Rule
	for _, rule := range rules {
		i := slices.IndexFunc(merged, func(m Rule) bool {
			m.Verb = rule.Verb
			return m == rule
		})
		if i < 0 {
			merged = append(merged, rule)
		} else {
			merged[i].Verb += ", " + rule.Verb
		}
	}
	words := make([]string, len(merged))
	for i, rule := range merged {
		words[i] = rule.String()
	}
	return words
}

// Missing returns the rules that the user does not have, in their order. It requests each namespace's rules once, and a
// review for each rule that is not among them, because webhooks may grant rights that the lists leave out. The API
// server stores neither.
func (a *Access) Missing(ctx context.Context, rules []Rule) ([]Rule, error) {
	granted, err := a.listed(ctx, rules)
	if err != nil {
		return nil, fmt.Errorf("the rights in the cluster cannot be checked: %w", err)
	}
	denied := make([]bool, len(rules))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, rule := range rules {
		if allows(granted[rule.Namespace].Status, rule) {
			continue
		}
		group.Go(func() error {
			allowed, err := a.review(ctx, rule)
			denied[i] = !allowed
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("the rights in the cluster cannot be checked: %w", err)
	}
	var missing []Rule
	for i, rule := range rules {
		if denied[i] && !slices.Contains(missing, rule) {
			missing = append(missing, rule)
		}
	}
	return missing, nil
}

func (a *Access) listed(ctx context.Context, rules []Rule) (map[string]*authorizationv1.SelfSubjectRulesReview, error) {
	reviews := map[string]*authorizationv1.SelfSubjectRulesReview{"": {}}
	group, ctx := errgroup.WithContext(ctx)
	for _, rule := range rules {
		if reviews[rule.Namespace] != nil {
			continue
		}
		review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: rule.Namespace}}
		reviews[rule.Namespace] = review
		group.Go(func() error {
			answer, err := a.Clientset().AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, review, metav1.CreateOptions{})
			if err == nil {
				review.Status = answer.Status
			}
			return err
		})
	}
	return reviews, group.Wait()
}

func allows(granted authorizationv1.SubjectRulesReviewStatus, rule Rule) bool {
	matches := func(list []string, wanted string) bool {
		return slices.Contains(list, "*") || slices.Contains(list, wanted)
	}
	for _, g := range granted.ResourceRules {
		if matches(g.Verbs, rule.Verb) && matches(g.APIGroups, rule.Group) && matches(g.Resources, rule.Resource) &&
			(len(g.ResourceNames) == 0 || rule.Name != "" && slices.Contains(g.ResourceNames, rule.Name)) {
			return true
		}
	}
	return false
}

func (a *Access) review(ctx context.Context, rule Rule) (bool, error) {
	resource, subresource, _ := strings.Cut(rule.Resource, "/")
	review, err := a.Clientset().AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: rule.Namespace, Group: rule.Group, Resource: resource, Subresource: subresource, Name: rule.Name, Verb: rule.Verb,
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}
