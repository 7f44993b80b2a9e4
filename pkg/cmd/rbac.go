package cmd

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

type rbacFlags struct {
	targets                 targetFlags
	verbs                   []string
	legacyNamespace, name   string
	cluster                 string
	restore                 bool
	users, groups, accounts []string
	format                  string
}

// rbacOptions is the complete value that rbac runs by.
type rbacOptions struct {
	targets
	// verbs are those to grant.
	verbs []string
	// name is that of the roles and bindings, which bind the subjects.
	name     string
	subjects []rbacv1.Subject
	// legacyNamespace is that of the legacy release; empty to look it up.
	legacyNamespace string
	// cluster is the context of the cluster that the roles are for; empty if the
	// regions have only one each.
	cluster string
	// records is where Helm keeps releases.
	records string
	// restore also grants what restoring an uninstalled legacy release takes.
	restore bool
	write   func(io.Writer, []runtime.Object) error
}

// options checks the flags and returns their value.
func (f *rbacFlags) options(env Environment) (rbacOptions, error) {
	write, err := rbacWriter(f.format)
	if err != nil {
		return rbacOptions{}, err
	}
	verbs, err := f.granted()
	if err != nil {
		return rbacOptions{}, err
	}
	subjects, err := f.subjects()
	if err != nil {
		return rbacOptions{}, err
	}
	records, err := cluster.StorageDriver(helmDriver(env))
	if err != nil {
		return rbacOptions{}, &exitError{exitFailed, err}
	}
	targets, err := f.targets.options(env)
	if err != nil {
		return rbacOptions{}, err
	}
	return rbacOptions{
		targets: targets, verbs: verbs, name: f.name, subjects: subjects,
		legacyNamespace: f.legacyNamespace, cluster: f.cluster, records: records, restore: f.restore, write: write,
	}, nil
}

// granted are the verbs to grant: those given, else all.
func (f *rbacFlags) granted() ([]string, error) {
	known := migration.RightsVerbs()
	for _, verb := range f.verbs {
		if !slices.Contains(known, verb) {
			return nil, usagef("%q is not a verb that takes rights in a cluster%s; there are: %s",
				verb, suggest.DidYouMean(verb, known), strings.Join(known, ", "))
		}
	}
	if len(f.verbs) == 0 {
		return known, nil
	}
	return f.verbs, nil
}

// subjects are who the roles are bound to.
func (f *rbacFlags) subjects() ([]rbacv1.Subject, error) {
	var subjects []rbacv1.Subject
	for _, user := range f.users {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user})
	}
	for _, group := range f.groups {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group})
	}
	for _, account := range f.accounts {
		namespace, name, ok := strings.Cut(account, ":")
		if !ok || namespace == "" || name == "" {
			return nil, usagef("--serviceaccount %q: want NAMESPACE:NAME", account)
		}
		subjects = append(subjects, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name})
	}
	return subjects, nil
}

func newRBAC(env Environment, run func(context.Context, rbacOptions) error) *cobra.Command {
	flags := &rbacFlags{}
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
			options, err := flags.options(env)
			if err != nil {
				return err
			}
			return run(cmd.Context(), options)
		},
	}
	f := cmd.Flags()
	flags.targets.addTo(f, needs{regions: true, chart: true})
	f.StringArrayVar(&flags.verbs, "verb", nil, "verb to grant (repeatable; default: all of "+strings.Join(migration.RightsVerbs(), ", ")+")")
	f.StringVar(&flags.legacyNamespace, "legacy-namespace", "", "namespace of the legacy release (default: looked up)")
	f.StringVar(&flags.cluster, "in", "", "kubeconfig context of the cluster to print roles for, of a region that is in several")
	f.BoolVar(&flags.restore, "restore", false, "also what it takes to restore a legacy release that was uninstalled")
	f.StringVar(&flags.name, "name", "coder-satellite-operator", "name of the roles and bindings")
	f.StringArrayVar(&flags.users, "user", nil, "bind the roles to this user (repeatable)")
	f.StringArrayVar(&flags.groups, "group", nil, "bind the roles to this group (repeatable)")
	f.StringArrayVar(&flags.accounts, "serviceaccount", nil, "bind the roles to this service account, NAMESPACE:NAME (repeatable)")
	f.StringVarP(&flags.format, "output", "o", "yaml", "output format: yaml, json")
	_ = cmd.RegisterFlagCompletionFunc("output", words("yaml", "json"))
	_ = cmd.RegisterFlagCompletionFunc("verb", words(migration.RightsVerbs()...))
	return cmd
}

// runRBAC prints the roles.
func runRBAC(ctx context.Context, o rbacOptions) error {
	rules, err := o.rules(ctx)
	if err != nil {
		return err
	}
	return o.write(o.env.Out, cluster.Roles(o.name, rules, o.subjects))
}
