package cmd

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// fleetWithOneDown returns a world of two regions and a Fleet file that lists them. Nothing
// listens at the cluster address of the second region.
func fleetWithOneDown(t *testing.T) (w *world, file string) {
	t.Helper()
	w = newWorld(t)
	w.kubeconfig = writeFile(t, "kubeconfig", fmt.Sprintf(`{"apiVersion":"v1","kind":"Config",`+
		`"clusters":[{"name":"c","cluster":{"server":%q}},{"name":"d","cluster":{"server":"https://127.0.0.1:9"}}],`+
		`"contexts":[{"name":"sydney","context":{"cluster":"c","user":"u"}},{"name":"london","context":{"cluster":"d","user":"u"}}],`+
		`"users":[{"name":"u","user":{}}]}`, w.api.URL))
	return w, writeFile(t, "fleet.yaml", `apiVersion: coder-satellite.dev/v1alpha1
kind: Fleet
regions:
- {name: london, context: london, accessURL: "https://127.0.0.1:1", labels: {continent: emea}}
- {name: sydney, context: sydney, accessURL: "https://127.0.0.1:2", labels: {continent: apac}}
`)
}

// Without the flag an unreachable region keeps the others from starting. With it the others are
// changed, and the exit code and the document report that one was left out.
func TestSkipUnreachable(t *testing.T) {
	w, file := fleetWithOneDown(t)
	report := decode[v1alpha1.MigrationReport](t, w.run(t.Context(), t, "remove", "-f", file, "-o", "json"))
	if report.ExitCode != exitPreflightFailed || report.Regions[0].Outcome != v1alpha1.OutcomePreflightFailed || report.Regions[1].Outcome != v1alpha1.OutcomeNotStarted {
		t.Errorf("without the flag: %+v", report)
	}
	got := w.run(t.Context(), t, "remove", "-f", file, "--skip-unreachable", "-o", "json")
	report = decode[v1alpha1.MigrationReport](t, got)
	london, sydney := report.Regions[0], report.Regions[1]
	if got.code != exitPartlyFailed || report.ExitCode != exitPartlyFailed || report.Outcome != v1alpha1.OutcomePartlyFailed || sydney.Outcome != v1alpha1.OutcomeNothingToDo {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
	if london.Outcome != v1alpha1.OutcomeUnreachable || !strings.HasPrefix(london.Error, `left out, nothing will be changed: context "london": nothing answers`) ||
		!strings.Contains(london.Next, " remove --filename "+file+" --region london") {
		t.Errorf("%+v", london)
	}
	if got = w.run(t.Context(), t, "remove", "-f", file, "--skip-unreachable"); !strings.Contains(got.out, "connection refused") || !strings.Contains(got.out, "1 of 2 regions done") {
		t.Errorf("%s", got.out)
	}
	// regions that are not selected do not matter
	for _, choice := range [][]string{{"--exclude", "london"}, {"-l", "continent=apac"}, {"--region", "syd*"}} {
		if got = w.run(t.Context(), t, append(choice, "remove", "-f", file)...); got.code != 0 || strings.Contains(got.out, "london") {
			t.Errorf("%v: exit code %d: %s%s", choice, got.code, got.out, got.errOut)
		}
	}
	if len(w.writes)+len(w.primary.Writes()) > 0 {
		t.Errorf("written: %v, %v", w.writes, w.primary.Writes())
	}
}

// An API server that refuses has answered, so the flag does not leave its region out.
func TestSkipUnreachableIsNotForRefusals(t *testing.T) {
	w, file := fleetWithOneDown(t)
	w.trouble = map[string]string{"/api/v1/namespaces/kube-system": `"nobody knows you"`}
	got := w.run(t.Context(), t, "plan", "-f", file, "--skip-unreachable", "-o", "json", "--detailed-exitcode")
	plan := decode[v1alpha1.Plan](t, got)
	if got.code != exitPreflightFailed || plan.Regions[0].Outcome != v1alpha1.OutcomeUnreachable || plan.Regions[1].Outcome != v1alpha1.OutcomePreflightFailed {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
	plan = decode[v1alpha1.Plan](t, w.run(t.Context(), t, "plan", "-f", file, "--skip-unreachable", "--region", "london", "-o", "json"))
	if plan.Outcome != v1alpha1.OutcomePartlyFailed || len(plan.Regions[0].Preflight) > 0 {
		t.Errorf("%+v", plan)
	}
}

// The operator confirms only the regions that are left, and is not asked if none is.
func TestAgreeWithoutThoseLeftOut(t *testing.T) {
	streams, in, out, errOut := genericiooptions.NewTestIOStreams()
	in.WriteString("no terminal")
	o := operationOptions{documentOptions: documentOptions{targets: targets{env: Environment{IOStreams: streams, Getenv: func(string) string { return "" }}}}}
	plan := &v1alpha1.Plan{Outcome: v1alpha1.OutcomePartlyFailed, Regions: []v1alpha1.RegionPlan{
		{Name: "london", Outcome: v1alpha1.OutcomeUnreachable}, {Name: "sydney", Outcome: v1alpha1.OutcomeNothingToDo},
	}}
	if err := o.agree(t.Context(), plan, ""); err != nil || out.Len()+errOut.Len() > 0 {
		t.Errorf("nothing to do: %v, %s%s", err, out, errOut)
	}
	plan.Regions[1].Outcome = v1alpha1.OutcomeChangesPending
	if code, message := ExitCode(o.agree(t.Context(), plan, "")); code != exitUsage || !strings.Contains(message, "--yes") {
		t.Errorf("changes: exit code %d, %q", code, message)
	}
	plan.Outcome = v1alpha1.OutcomePreflightFailed // then no region starts
	if err := o.agree(t.Context(), plan, ""); err != nil {
		t.Errorf("a preflight failed: %v", err)
	}
}
