package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

type rbacOptions struct {
	targets
	verbs           []string // those to grant
	name            string   // that of the roles and bindings, which bind the subjects
	subjects        []rbacv1.Subject
	legacyNamespace string // that of the legacy release; empty to look it up
	// cluster is the context of the cluster that the roles are for; empty if the regions have only one each.
	cluster string
	records string // where Helm keeps releases
	restore bool   // restore also grants what restoring an uninstalled legacy release takes
	format  string // yaml, for documents, or json, for one List
}

func newRBAC(env Environment, run func(context.Context, rbacOptions) error) *cobra.Command {
	cmd := command("rbac", "Print the minimum roles that an operator needs", `
Print the minimum ClusterRole and Roles that let an operator run the verbs in a region's cluster,
for a cluster administrator to review and apply. They grant exactly what the preflight of each verb
checks.

The legacy release's namespace is looked up at the primary and in the cluster, or given with
--legacy-namespace. Restoring an uninstalled legacy release needs more rights: add them with
--restore. The Role in the legacy namespace allows escalate and bind, because the API server
requires both from whoever annotates a Role or RoleBinding.

The roles cover the objects that the region's charts create with its values; with
--legacy-namespace, the satellite's Secrets, Services and Deployments. The satellite's namespace
must exist before its Role is applied.`, `
# For every verb, and for the users of a group
kubectl coder-satellite rbac --legacy-namespace coder --group region-operators

# To read, and no more
kubectl coder-satellite rbac -f fleet.yaml --region sydney --verb plan --verb status

# For a service account, applied by an administrator
kubectl coder-satellite rbac --context sydney --verb migrate --serviceaccount ci:bot > rbac.yaml`)
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
		err := check()
		if o.format != "yaml" && o.format != "json" {
			err = errors.Join(err, usagef("-o %q: choose yaml or json", o.format))
		}
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

// subjects are who the roles are bound to.
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

// runRBAC prints the roles: YAML documents, or one List in JSON.
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
