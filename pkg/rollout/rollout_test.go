package rollout

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

var errUnreachable = errors.New("nobody answers")

// nobody answers no request.
type nobody struct{ why error }

func (n nobody) RoundTrip(*http.Request) (*http.Response, error) { return nil, n.why }

// silent is a cluster that nobody answers for.
func silent(t *testing.T, why error) *cluster.Access {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"u"}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := cluster.LoadKubeconfig(file)
	if err != nil {
		t.Fatal(err)
	}
	access, err := kubeconfig.Open("x", cluster.Options{})
	if err == nil {
		access = access.Wrapped(func(http.RoundTripper) http.RoundTripper { return nobody{why} })
	}
	if err != nil {
		t.Fatal(err)
	}
	return access
}

// rolloutOf migrates regions about which nothing is known.
func rolloutOf(t *testing.T, names ...string) *Rollout {
	t.Helper()
	primary, err := coder.New(coder.Config{URL: "https://coder.example.com", Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	primary = primary.Wrapped(func(http.RoundTripper) http.RoundTripper { return nobody{errUnreachable} })
	clock := clocktesting.NewFakeClock(time.Unix(0, 0))
	config := snapshot.Config{Primary: primary, Clock: clock}
	access := silent(t, errUnreachable)
	for _, name := range names {
		config.Regions = append(config.Regions, snapshot.RegionConfig{
			Region:    fleet.Region{Name: name, Satellite: fleet.Satellite{Context: name}, Providers: []fleet.Provider{{Context: name}}},
			Satellite: access, Providers: []*cluster.Access{access},
		})
	}
	survey, err := snapshot.NewSurvey(config)
	if err != nil {
		t.Fatal(err)
	}
	return &Rollout{
		Rules: Rules{Waves: wavesOf(4, names)}, Survey: survey, Operation: migration.Migrate(false, migration.Refuse),
		Options: migration.Options{RunID: "a-run"}, Clock: clock, Report: func(v1alpha1.Progress) {},
	}
}

// The plan for a fleet about which nothing is known says so, and no region is started.
func TestNothingIsBegunWhenAnythingIsUnknown(t *testing.T) {
	rollout := rolloutOf(t, "sydney", "london")
	plan, err := rollout.Plan(t.Context(), false)
	if err != nil || plan.Outcome != v1alpha1.OutcomePreflightFailed {
		t.Fatalf("%+v, %v", plan, err)
	}
	if plan.Primary.URL != "https://coder.example.com" || !cmp.Equal(plan.Waves, []v1alpha1.PlanWave{{Name: "1", Regions: []string{"sydney", "london"}}}) {
		t.Errorf("primary %+v, waves %v", plan.Primary, plan.Waves)
	}
	plan.Regions[1].Outcome = v1alpha1.OutcomeChangesPending // as if only sydney failed
	reports := rollout.Run(t.Context(), plan)
	want := []v1alpha1.Outcome{v1alpha1.OutcomePreflightFailed, v1alpha1.OutcomeNotStarted}
	if len(reports) != len(want) {
		t.Fatalf("%d reports", len(reports))
	}
	for i, report := range reports {
		if report.Name != plan.Regions[i].Name || report.Outcome != want[i] || report.Error == "" || report.Next == "" {
			t.Errorf("report %d: %+v", i, report)
		}
	}
}

// A signal while facts are collected leaves no plan.
func TestNoPlanAfterASignal(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	interrupt(migration.ErrInterrupted)
	if plan, err := rolloutOf(t, "sydney").Plan(ctx, true); plan != nil || !errors.Is(err, migration.ErrInterrupted) {
		t.Errorf("%+v, %v", plan, err)
	}
}

// Each runner has its region, and all have the plan's operator.
func TestRunners(t *testing.T) {
	rollout := rolloutOf(t, "sydney", "london")
	for i, region := range rollout.Survey.Regions() {
		runner := rollout.runner(region, "ann@example.com")
		if runner.Region != region || runner.Operator != "ann@example.com" || runner.Operation.Name != "migrate" ||
			runner.Options != rollout.Options || runner.Clock != rollout.Clock || runner.Report == nil {
			t.Errorf("runner %d: %+v", i, runner)
		}
	}
}

// The outcome of a plan is the most severe outcome of its regions.
func TestNewPlan(t *testing.T) {
	const nothing, changes, stopped = v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeChangesPending, v1alpha1.OutcomePreflightFailed
	const away, partly = v1alpha1.OutcomeUnreachable, v1alpha1.OutcomePartlyFailed
	for _, test := range []struct {
		regions []v1alpha1.Outcome
		want    v1alpha1.Outcome
	}{
		{[]v1alpha1.Outcome{nothing, nothing}, nothing},
		{[]v1alpha1.Outcome{changes, nothing}, changes},
		{[]v1alpha1.Outcome{nothing, changes}, changes},
		{[]v1alpha1.Outcome{changes, stopped, nothing}, stopped},
		{[]v1alpha1.Outcome{stopped, changes}, stopped},
		{[]v1alpha1.Outcome{away, changes}, partly},
		{[]v1alpha1.Outcome{changes, away}, partly},
		{[]v1alpha1.Outcome{nothing, away}, partly},
		{[]v1alpha1.Outcome{away, away}, partly},
		{[]v1alpha1.Outcome{away, stopped}, stopped},
		{[]v1alpha1.Outcome{stopped, away, changes}, stopped},
	} {
		regions := make([]v1alpha1.RegionPlan, len(test.regions))
		for i, outcome := range test.regions {
			regions[i].Outcome = outcome
		}
		if got := newPlan(v1alpha1.Primary{}, nil, regions); got.Outcome != test.want || len(got.Regions) != len(regions) {
			t.Errorf("%v: %s, want %s", test.regions, got.Outcome, test.want)
		}
	}
}

// The start and the end of each region are reported as events of the whole region, with its wave.
func TestRegionsAreToldOf(t *testing.T) {
	rollout := rolloutOf(t, "sydney", "london")
	rollout.Waves = wavesOf(4, []string{"sydney"}, []string{"london"})
	var told []v1alpha1.Progress
	rollout.Report = func(event v1alpha1.Progress) { told = append(told, event) }
	plan := &v1alpha1.Plan{Outcome: v1alpha1.OutcomeChangesPending, Regions: []v1alpha1.RegionPlan{
		{Name: "sydney", Outcome: v1alpha1.OutcomeNothingToDo}, {Name: "london", Outcome: v1alpha1.OutcomeChangesPending},
	}}
	reports := rollout.Run(t.Context(), plan)
	at := metav1.NewTime(rollout.Clock.Now())
	want := []v1alpha1.Progress{
		{Time: at, Region: "sydney", State: v1alpha1.StepAlready, Wave: 1, Waves: 2},
		{Time: at, Region: "london", State: v1alpha1.StepRunning, Wave: 2, Waves: 2},
		{Time: at, Region: "london", State: v1alpha1.StepFailed, Message: reports[1].Error, Wave: 2, Waves: 2},
	}
	if diff := cmp.Diff(want, told); diff != "" || reports[1].Error == "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A plan says what waves wait for, but not those in which nothing would happen.
func TestPlanOfWaves(t *testing.T) {
	waves := wavesOf(4, []string{"a"}, []string{"b"}, []string{"c"})
	waves[0].Soak, waves[1].Approval = 36*time.Hour, true
	waves[1].Gates = []fleet.Gate{{Check: "satellite-ready"}, {LatencyRatio: 0.8}, {MaxGap: 5 * time.Second}, {Exec: []string{"./smoke.sh", "-v"}}}
	waves[2].Window = fleet.Window{From: time.Hour, Text: "01:00 to 02:00 UTC"}
	shown := planned(waves, []v1alpha1.RegionPlan{
		{Name: "a", Outcome: v1alpha1.OutcomeChangesPending}, {Name: "b", Outcome: v1alpha1.OutcomeNothingToDo}, {Name: "c", Outcome: v1alpha1.OutcomeChangesPending},
	})
	want := []v1alpha1.PlanWave{{Name: "1", Regions: []string{"a"}}, {Name: "2", Regions: []string{"b"}}, {Name: "3", Regions: []string{"c"}, Waits: []string{
		`a gate of wave "2": the check satellite-ready`, `a gate of wave "2": satellites at most 0.8 times as far as the primary was`,
		`a gate of wave "2": gaps of at most 5s`, `a gate of wave "2": the command ./smoke.sh -v`, "its window, 01:00 to 02:00 UTC",
	}}}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if first := planned(waves[:2], []v1alpha1.RegionPlan{{Name: "b", Outcome: v1alpha1.OutcomeChangesPending}})[1].Waits; !cmp.Equal(first, []string{`36h in which status of wave "1" stays good`, "an approval"}) {
		t.Errorf("%q", first)
	}
}
