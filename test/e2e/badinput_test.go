package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// refused fails the test unless plan and migrate both exit with 5 because of the check, print
// these texts, and write nothing.
func refused(t *testing.T, check string, says []string, args ...string) {
	t.Helper()
	before := marks(t)
	plan := plugin(t, 5, slices.Concat([]string{"plan"}, args)...)
	saysAll(t, "plan", plan.Stdout+plan.Stderr, says)
	migrate := slices.Concat([]string{"migrate", "--yes"}, args)
	said := plugin(t, 5, migrate...)
	saysAll(t, "migrate", said.Stdout+said.Stderr, says)
	report := document[v1alpha1.MigrationReport](t, 5, migrate...)
	quiet(t, before)
	if report.Outcome != v1alpha1.OutcomePreflightFailed || report.ExitCode != 5 {
		t.Errorf("the report says %s, exit code %d", report.Outcome, report.ExitCode)
	}
	for _, region := range report.Regions {
		if len(region.Steps) > 0 {
			t.Errorf("region %s: steps were begun: %v", region.Name, states(region))
		}
	}
	next := lab.Run(t.Context(), nil, "bash", "-c", report.Regions[0].Next)
	if report.Regions[0].Next == "" || next.Code == 64 && !strings.Contains(next.Stderr, "there is no terminal to ask at") {
		t.Errorf("the suggested command is not a valid one, %q: %s", report.Regions[0].Next, next)
	}
	if !slices.ContainsFunc(report.Regions, func(region v1alpha1.RegionReport) bool { return stopped(region.Preflight, check) }) {
		t.Errorf("no region was stopped by check %s: %+v", check, report.Regions)
	}
}

// stopped reports whether the check is among the results and is not a warning.
func stopped(results []v1alpha1.CheckResult, check string) bool {
	return slices.ContainsFunc(results, func(result v1alpha1.CheckResult) bool {
		return result.ID == check && (result.State == v1alpha1.CheckFail || result.State == v1alpha1.CheckUnknown)
	})
}

// misused fails the test unless plan, migrate and status all exit with 64, print these texts on
// stderr and nothing on stdout, and send no request.
func misused(t *testing.T, says []string, args ...string) {
	t.Helper()
	before := marks(t)
	for _, verb := range [][]string{{"plan"}, {"migrate", "--yes"}, {"status"}} {
		result := plugin(t, 64, slices.Concat(verb, args)...)
		saysAll(t, verb[0], result.Stderr, says)
		if result.Stdout != "" {
			t.Errorf("%s: a command line that is wrong prints on stdout: %s", verb[0], result.Stdout)
		}
	}
	quiet(t, before)
	requests, err := lab.Requests()
	if err != nil {
		t.Fatal(err)
	}
	if len(requests) > 0 {
		t.Errorf("the primary was asked %d times, although the command line is wrong", len(requests))
	}
}

// saysAll fails the test unless the text contains all of these, ignoring line breaks.
func saysAll(t *testing.T, who, text string, says []string) {
	t.Helper()
	unwrapped := strings.Join(strings.Fields(text), " ")
	for _, wanted := range says {
		if !strings.Contains(unwrapped, wanted) {
			t.Errorf("%s does not say %q:\n%s", who, wanted, text[:min(len(text), 4000)])
		}
	}
}

// oneRegion writes a Fleet with a changed copy of this region, and returns its path.
func oneRegion(t *testing.T, name string, edit func(*v1alpha1.Fleet, *v1alpha1.Region)) string {
	t.Helper()
	return editedFleet(t, func(fleet *v1alpha1.Fleet) {
		fleet.Regions = slices.DeleteFunc(fleet.Regions, func(region v1alpha1.Region) bool { return region.Name != name })
		edit(fleet, &fleet.Regions[0])
	})
}

// editedKubeconfig writes a changed copy of the operator's kubeconfig, and returns its path.
func editedKubeconfig(t *testing.T, edit func(*clientcmdapi.Config)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(lab.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	edit(config)
	data, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return writeInLab(t, "kubeconfig", data)
}

// addContext adds a context for the cluster of an existing one, at a different address.
func addContext(config *clientcmdapi.Config, name, like, server string) {
	cluster := config.Clusters[config.Contexts[like].Cluster].DeepCopy()
	cluster.Server = server
	config.Clusters[name] = cluster
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: config.Contexts[like].AuthInfo}
}

// byName replaces 127.0.0.1 in a URL by localhost.
func byName(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

// kubectl runs kubectl on a region's cluster. It may be used in clean-ups.
func kubectl(t *testing.T, region string, args ...string) string {
	t.Helper()
	output, err := lab.Kubectl(context.WithoutCancel(t.Context()), region, args...)
	if err != nil {
		t.Fatal(err)
	}
	return output
}
