package cmd

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

func newRBAC(env Environment) *cobra.Command {
	t := &targets{env: env}
	var (
		o      rbacOptions
		format string
	)
	cmd := &cobra.Command{
		Use:   "rbac",
		Short: "Print the least roles that an operator needs",
		Long: `Print the least ClusterRole and Roles that let an operator run the verbs in a region's
cluster, for a cluster administrator to look at and apply. They are what the
preflight of each verb asks for.

The legacy release's namespace is looked up at the primary and in the cluster; with
--legacy-namespace neither is asked. A legacy release that was uninstalled takes more
to restore: add it with --restore. The Role there may escalate and bind, because the
API server asks for it of who annotates a Role or RoleBinding.

The roles cover what the region's charts make with its values; with
--legacy-namespace, Secrets, Services and Deployments of the satellite. The
satellite's namespace must exist before its Role is applied.`,
		Example: examples(`
# For every verb, and for the users of a group
kubectl coder-satellite rbac --legacy-namespace coder --group region-operators

# To look, and no more
kubectl coder-satellite rbac -f fleet.yaml --region sydney --verb plan --verb status

# For a service account, applied by an administrator
kubectl coder-satellite rbac --context sydney --verb migrate --serviceaccount ci:migrator > rbac.yaml`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := rbacWriter(format)
			if err != nil {
				return err
			}
			if err := o.validate(); err != nil {
				return err
			}
			subjects, err := o.subjects()
			if err != nil {
				return err
			}
			places, err := o.places(cmd, t)
			if err != nil {
				return err
			}
			place := places[0]
			place.Restore = o.restore
			return write(env.Out, cluster.Roles(o.name, migration.RightsOfAll(o.verbs, place), subjects))
		},
	}
	t.addTo(cmd)
	f := cmd.Flags()
	t.addChartTo(f)
	f.StringArrayVar(&o.verbs, "verb", nil, "verb to grant (repeatable; default: all of "+strings.Join(migration.RightsVerbs(), ", ")+")")
	f.StringVar(&o.legacyNamespace, "legacy-namespace", "", "namespace of the legacy release (default: looked up)")
	f.BoolVar(&o.restore, "restore", false, "also what it takes to restore a legacy release that was uninstalled")
	f.StringVar(&o.name, "name", "coder-satellite-operator", "name of the roles and bindings")
	f.StringArrayVar(&o.users, "user", nil, "bind the roles to this user (repeatable)")
	f.StringArrayVar(&o.groups, "group", nil, "bind the roles to this group (repeatable)")
	f.StringArrayVar(&o.accounts, "serviceaccount", nil, "bind the roles to this service account, NAMESPACE:NAME (repeatable)")
	f.StringVarP(&format, "output", "o", "yaml", "output format: yaml, json")
	_ = cmd.RegisterFlagCompletionFunc("output", words("yaml", "json"))
	_ = cmd.RegisterFlagCompletionFunc("verb", words(migration.RightsVerbs()...))
	return cmd
}

// rbacOptions are the flags of rbac that do not name regions.
type rbacOptions struct {
	verbs                   []string
	legacyNamespace, name   string
	restore                 bool
	users, groups, accounts []string
}

func (o *rbacOptions) validate() error {
	known := migration.RightsVerbs()
	for _, verb := range o.verbs {
		if !slices.Contains(known, verb) {
			return usagef("%q is not a verb that takes rights in a cluster%s; there are: %s", verb, suggest.DidYouMean(verb, known), strings.Join(known, ", "))
		}
	}
	if len(o.verbs) == 0 {
		o.verbs = known
	}
	return nil
}

// subjects are who the roles are bound to.
func (o *rbacOptions) subjects() ([]rbacv1.Subject, error) {
	var subjects []rbacv1.Subject
	for _, user := range o.users {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user})
	}
	for _, group := range o.groups {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group})
	}
	for _, account := range o.accounts {
		namespace, name, ok := strings.Cut(account, ":")
		if !ok || namespace == "" || name == "" {
			return nil, usagef("--serviceaccount %q: want NAMESPACE:NAME", account)
		}
		subjects = append(subjects, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name})
	}
	return subjects, nil
}

// places returns the places of the regions, which must be the same: roles of
// one name cannot have two contents in one output.
func (o *rbacOptions) places(cmd *cobra.Command, t *targets) ([]snapshot.Scope, error) {
	t.flags.AccessURLOptional = true
	records, err := cluster.StorageDriver(helmDriver(t.env))
	if err != nil {
		return nil, &exitError{exitFailed, err}
	}
	if o.legacyNamespace != "" && t.flags.Filename == "" {
		return []snapshot.Scope{{Satellite: cmp.Or(t.flags.Namespace, fleet.DefaultNamespace), Legacy: o.legacyNamespace, Records: records}}, nil
	}
	c, err := t.connect()
	if err != nil {
		return nil, err
	}
	var places []snapshot.Scope
	for _, source := range c.sources {
		place, err := o.placeOf(cmd.Context(), source, records, t.env.ErrOut)
		if err != nil {
			return nil, err
		}
		if len(places) > 0 && !reflect.DeepEqual(place, places[0]) {
			return nil, usagef("region %q takes other rights than region %q: choose one region with --region", source.Region.Name, c.sources[0].Region.Name)
		}
		places = append(places, place)
	}
	return places, nil
}

// placeOf finds out where the region's releases are, and what they are made of.
func (o *rbacOptions) placeOf(ctx context.Context, source *snapshot.Source, records string, notes io.Writer) (snapshot.Scope, error) {
	if o.legacyNamespace != "" {
		return snapshot.Scope{Satellite: source.Region.Namespace, Legacy: o.legacyNamespace, Records: records}, nil
	}
	s := source.Collect(ctx, snapshot.ItemProvider, snapshot.ItemLegacy, snapshot.ItemChart, snapshot.ItemSatellite, snapshot.ItemResources)
	if !s.Provider.IsKnown() && !s.Legacy.IsKnown() {
		return snapshot.Scope{}, &exitError{exitFailed, fmt.Errorf("region %q: the namespace of the legacy release is not known (%w); give it with --legacy-namespace", source.Region.Name, s.Provider.Err())}
	}
	if !s.Resources.IsKnown() || !s.Chart.IsKnown() {
		_, _ = fmt.Fprintf(notes, "note: region %q: the roles cover Secrets, Services and Deployments of the satellite only: %s\n",
			source.Region.Name, printer.Escape(cmp.Or(s.Chart.Err(), s.Spec.Err(), s.Resources.Err()).Error()))
	}
	place := s.Scope(records)
	place.NewNamespace, place.Restore = false, false // see the flags
	return place, nil
}
