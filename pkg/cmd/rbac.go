package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

type rbacOptions struct {
	targets
	verbs           []string // those to grant
	name            string   // of the roles and bindings
	subjects        []rbacv1.Subject
	legacyNamespace string // empty to look it up
	cluster         string // context of the cluster that the roles are for; empty if each region has one
	records         string // Helm's storage driver
	restore         bool   // also grant the rights to restore an uninstalled legacy release
	format          string // yaml or json
}

func newRBAC(env Environment, run func(context.Context, rbacOptions) error) *cobra.Command {
	cmd := documented("rbac")
	var o rbacOptions
	users := cmd.Flags().StringArray("user", nil, "bind the roles to this user (repeatable)") // in place of kubectl's
	f, check, known := cmd.Flags(), o.addTo(env, cmd, needs{regions: true, chart: true, inTurn: true}), migration.RightsVerbs()
	f.StringArrayVar(&o.verbs, "verb", nil, "verb to grant (repeatable; default: all of "+strings.Join(known, ", ")+")")
	f.StringVar(&o.legacyNamespace, "legacy-namespace", "", "namespace of the legacy release (default: looked up)")
	f.StringVar(&o.cluster, "in", "", "kubeconfig context of the cluster to print roles for, if the region has several")
	f.BoolVar(&o.restore, "restore", false, "also grant the rights to restore a legacy release that was uninstalled")
	f.StringVar(&o.name, "name", "coder-satellite-operator", "name of the roles and bindings")
	groups := f.StringArray("group", nil, "bind the roles to this group (repeatable)")
	accounts := f.StringArray("serviceaccount", nil, "bind the roles to this service account, NAMESPACE:NAME (repeatable)")
	f.StringVarP(&o.format, "output", "o", "yaml", "output format: yaml, json")
	_ = cmd.RegisterFlagCompletionFunc("output", words("yaml", "json"))
	_ = cmd.RegisterFlagCompletionFunc("verb", words(known...))
	return verb(cmd, run, &o, func() error {
		err := errors.Join(check(), refuse(o.format != "yaml" && o.format != "json", "-o %q: choose yaml or json", o.format))
		for _, verb := range o.verbs {
			if !slices.Contains(known, verb) {
				err = errors.Join(err, usagef("%q is not a verb that needs rights in a cluster%s; choose from: %s",
					verb, suggest.DidYouMean(verb, known), strings.Join(known, ", ")))
			}
		}
		if len(o.verbs) == 0 {
			o.verbs = known
		}
		var unbound, unusable error
		o.subjects, unbound = subjects(*users, *groups, *accounts)
		o.records, unusable = cluster.StorageDriver(env.Getenv("HELM_DRIVER"))
		return errors.Join(err, unbound, unusable)
	})
}

func subjects(users, groups, accounts []string) ([]rbacv1.Subject, error) {
	var subjects []rbacv1.Subject
	for _, user := range users {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user})
	}
	for _, group := range groups {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group})
	}
	for _, account := range accounts {
		namespace, name, ok := strings.Cut(account, ":")
		if !ok || namespace == "" || name == "" {
			return nil, usagef("--serviceaccount %q: want NAMESPACE:NAME", account)
		}
		subjects = append(subjects, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name})
	}
	return subjects, nil
}

// runRBAC prints the roles as YAML documents, or as one JSON List.
func runRBAC(ctx context.Context, o rbacOptions) error {
	rules, err := o.rules(ctx)
	if err != nil {
		return err
	}
	roles := cluster.Roles(o.name, rules, o.subjects)
	if o.format == "yaml" {
		documents := &printers.YAMLPrinter{} // keeps them apart
		for _, role := range roles {
			if err := documents.PrintObj(role, o.env.Out); err != nil {
				return err
			}
		}
		return nil
	}
	list := struct {
		metav1.TypeMeta `json:",inline"`
		Items           []runtime.Object `json:"items"`
	}{metav1.TypeMeta{APIVersion: "v1", Kind: "List"}, roles}
	encoder := json.NewEncoder(o.env.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(list)
}

// rules returns the rights that the verbs need in one cluster. They must match in all regions: they share role names.
func (o *rbacOptions) rules(ctx context.Context) ([]cluster.Rule, error) {
	if o.legacyNamespace != "" && o.flags.Filename == "" && len(o.flags.ProviderContexts) == 0 && o.flags.Satellite == "" {
		scope := o.given(cmp.Or(o.flags.Namespace, fleet.DefaultNamespace))
		return migration.Distinct(migration.RightsOf(migration.OwnerSatellite, o.verbs, scope), migration.RightsOf(migration.OwnerProvider, o.verbs, scope)), nil
	}
	c, err := o.connect()
	if err != nil {
		return nil, err
	}
	var first []cluster.Rule
	regions := c.survey.Regions()
	for i, region := range regions {
		found, err := o.rulesOf(ctx, region)
		switch {
		case err != nil:
			return nil, err
		case i == 0:
			first = found
		case !slices.Equal(first, found):
			return nil, usagef("region %q needs other rights than region %q: choose one region with --region",
				region.Region.Name, regions[0].Region.Name)
		}
	}
	return first, nil
}

// rulesOf returns the rights in the region's cluster or, if it has several, in the one that --in names.
func (o *rbacOptions) rulesOf(ctx context.Context, region *snapshot.Region) ([]cluster.Rule, error) {
	var contexts []string
	if satellite := region.Region.Satellite; !satellite.None() {
		contexts = append(contexts, satellite.Context)
	}
	for _, provider := range region.Region.Providers {
		if !slices.Contains(contexts, provider.Context) {
			contexts = append(contexts, provider.Context)
		}
	}
	wanted := cmp.Or(o.cluster, contexts[0])
	switch {
	case o.cluster == "" && len(contexts) > 1:
		return nil, usagef("region %q is in several clusters: choose the one to print roles for with --in: %s",
			region.Region.Name, strings.Join(contexts, ", "))
	case !slices.Contains(contexts, wanted):
		return nil, usagef("--in %q: region %q has no such context; choose from: %s", wanted, region.Region.Name, strings.Join(contexts, ", "))
	}
	var rules []cluster.Rule
	for i, source := range region.Sources {
		scope, err := o.scopeOf(ctx, source)
		if err != nil {
			return nil, err
		}
		if i == 0 && region.Region.Satellite.Context == wanted {
			rules = append(rules, o.ofSatellite(scope)...)
		}
		if source.Declared.Context == wanted {
			rules = append(rules, migration.RightsOf(migration.OwnerProvider, o.verbs, scope)...)
		}
	}
	return migration.Distinct(rules), nil
}

// ofSatellite returns the rights in the satellite's cluster, with those to read what its controller does if a verb looks at it.
func (o *rbacOptions) ofSatellite(scope snapshot.Scope) []cluster.Rule {
	rules := migration.RightsOf(migration.OwnerSatellite, o.verbs, scope)
	if slices.ContainsFunc(o.verbs, func(verb string) bool { return verb != "history" && verb != "unlock" }) {
		rules = append(rules, scope.SatelliteControl...)
	}
	return rules
}

func (o *rbacOptions) given(satellite string) snapshot.Scope {
	return snapshot.Scope{Satellite: satellite, Provider: o.legacyNamespace, Legacy: o.legacyNamespace, Records: o.records, Restore: o.restore}
}

// scopeOf determines where the releases are, and what they consist of.
func (o *rbacOptions) scopeOf(ctx context.Context, source *snapshot.Source) (snapshot.Scope, error) {
	region := source.Region
	if o.legacyNamespace != "" {
		owner := snapshot.DeclaredOwner(region)
		return o.given(region.Satellite.Namespace).Managed(owner, owner.Tool == gitops.ArgoCD), nil // which is often in another cluster
	}
	s := source.Collect(ctx, snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemLegacy, snapshot.ItemChart, snapshot.ItemSatellite, snapshot.ItemResources)
	if !s.Provider.IsKnown() {
		return snapshot.Scope{}, fmt.Errorf("region %q: the namespace of the provider is not known (%w); give that of the legacy release with --legacy-namespace",
			region.Name, s.Provider.Err())
	}
	if !region.Satellite.None() && (!s.SatelliteResources.IsKnown() || !s.Chart.IsKnown()) {
		_, _ = fmt.Fprintf(o.env.ErrOut, "note: region %q: the roles cover Secrets, Services and Deployments of the satellite only: %s\n",
			region.Name, printer.Escape(cmp.Or(s.Chart.Err(), s.Spec.Err(), s.SatelliteResources.Err()).Error()))
	}
	scope := s.Scope(o.records)
	scope.NewNamespace, scope.Restore = false, o.restore // see the flags
	return scope, nil
}
