package printer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// report writes what a command did, and what is to be done about failures.
func (h human) report(p *page, report *v1alpha1.MigrationReport) {
	p.title(primaryLine(report.Primary), plain)
	p.blank()
	p.table(reportTable(report.Regions), h.wide, "")
	for i := range report.Regions {
		region := &report.Regions[i]
		if h.wide || region.Error != "" || len(region.Left) > 0 || len(v1alpha1.Notable(region.Preflight)) > 0 {
			p.blank()
			h.regionReport(p, region)
		}
	}
	p.blank()
	p.text("", reportSummary(report))
}

func reportTable(regions []v1alpha1.RegionReport) table {
	t := table{columns: []column{
		{title: "REGION"}, {title: "OUTCOME"}, {title: "STEPS"}, {title: "TIME"},
		{title: "PROVIDER", wide: true}, {title: "CONTEXT", wide: true}, {title: "MESSAGE"},
	}}
	for _, region := range regions {
		t.rows = append(t.rows, []cell{
			{text: region.Name}, {text: words(string(region.Outcome)), style: outcomeStyle(region.Outcome)},
			{text: stepCount(region.Steps)}, {text: elapsed(span(region.Steps))},
			{text: orNone(strings.Join(providersOf(region), ", "))}, {text: orNone(strings.Join(contextsOf(region), ", "))}, {text: message(region)},
		})
	}
	return t
}

func providersOf(region v1alpha1.RegionReport) []string {
	var names []string
	for _, provider := range region.Providers {
		names = append(names, provider.Name)
	}
	return names
}

// contextsOf are the contexts of the region's clusters, each once.
func contextsOf(region v1alpha1.RegionReport) []string {
	var contexts []string
	if region.Satellite != nil {
		contexts = append(contexts, region.Satellite.Context)
	}
	for _, provider := range region.Providers {
		if !slices.Contains(contexts, provider.Context) {
			contexts = append(contexts, provider.Context)
		}
	}
	return contexts
}

// message is the one sentence of a region in the table; failures have a block of their own.
func message(region v1alpha1.RegionReport) string {
	switch region.Outcome {
	case v1alpha1.OutcomeNothingToDo:
		return "all was so already"
	case v1alpha1.OutcomeNotStarted:
		return cmp.Or(region.Error, "not started")
	}
	var undone, undoFailed int
	failed, how, last := "", "failed", ""
	for _, step := range region.Steps {
		switch step.State {
		case v1alpha1.StepFailed, v1alpha1.StepInterrupted:
			failed, how = step.Name, words(string(step.State))
		case v1alpha1.StepUndone:
			undone++
		case v1alpha1.StepUndoFailed:
			undoFailed++
		default:
			last = step.Message
		}
	}
	switch {
	case failed != "" && undoFailed > 0:
		return fmt.Sprintf("%s %s; %s could not be undone", failed, how, counted(undoFailed, "step"))
	case failed != "" && undone > 0:
		return fmt.Sprintf("%s %s; %s undone", failed, how, counted(undone, "step"))
	case failed != "":
		return failed + " " + how
	case region.Error != "":
		return "see below"
	}
	return orNone(last)
}

// stepCount says how many steps are as they should be, and how many of them this run changed.
func stepCount(steps []v1alpha1.StepResult) string {
	var done, already int
	for _, step := range steps {
		switch step.State {
		case v1alpha1.StepDone:
			done++
		case v1alpha1.StepAlready:
			already++
		}
	}
	if done+already == 0 {
		return "-"
	}
	return fmt.Sprintf("%d done, %d already", done, already)
}

func (h human) regionReport(p *page, region *v1alpha1.RegionReport) {
	p.title(fmt.Sprintf("Region %s: %s", region.Name, words(string(region.Outcome))), outcomeStyle(region.Outcome))
	const width = len("could not be undone")
	entry := func(label string, s style, text string) { p.entry("  ", label, width, s, text) }
	if region.Resumed != "" {
		entry("resumed", plain, region.Resumed)
	}
	several := len(region.Providers) > 1
	for _, text := range pathsNow(region) {
		entry("path now", plain, text)
	}
	told := h.steps(p, region.Steps, several, entry)
	if several {
		told = providerOutcomes(region, entry) || told
	}
	if region.Error != "" && !told {
		entry("error", bad, region.Error)
	}
	for _, left := range region.Left {
		entry("left", notice, left)
	}
	p.checks(perProvider(v1alpha1.Notable(region.Preflight), several), "  ")
	if region.Evidence != "" {
		p.command("  "+pad("evidence", width)+gap, region.Evidence)
	}
	if region.Next != "" {
		p.command("  "+pad("next", width)+gap, region.Next)
	}
}

// steps writes all steps in a table with -o wide, else those that did not end
// well. It tells whether an error was among them.
func (h human) steps(p *page, steps []v1alpha1.StepResult, several bool, entry func(string, style, string)) (told bool) {
	if h.wide {
		p.table(resultTable(steps, several), h.wide, "  ")
	}
	for _, step := range urgentFirst(steps) {
		label, s, text := words(string(step.State)), bad, step.Error
		switch step.State {
		case v1alpha1.StepFailed, v1alpha1.StepInterrupted:
		case v1alpha1.StepUndone:
			s, text = notice, step.Message
		case v1alpha1.StepUndoFailed:
			label = "could not be undone"
		default:
			continue
		}
		told = told || text != "" && s == bad
		if !h.wide {
			entry(label, s, named(step, several, text))
		}
	}
	return told
}

// urgentFirst puts what could not be undone before everything else.
func urgentFirst(steps []v1alpha1.StepResult) []v1alpha1.StepResult {
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b v1alpha1.StepResult) int {
		urgent := func(r v1alpha1.StepResult) int {
			if r.State == v1alpha1.StepUndoFailed {
				return 0
			}
			return 1
		}
		return urgent(a) - urgent(b)
	})
	return steps
}

// providerOutcomes says how each provider of several ended. It tells whether an
// error was among that.
func providerOutcomes(region *v1alpha1.RegionReport, entry func(string, style, string)) (told bool) {
	for _, provider := range region.Providers {
		text := provider.Name + ": " + words(string(provider.Outcome))
		if provider.Error != "" {
			text, told = text+": "+provider.Error, true
		}
		entry("provider", outcomeStyle(provider.Outcome), text)
	}
	return told
}

// pathsNow says which path the users of each provider take after a run. What
// holds for several providers alike is told once.
func pathsNow(region *v1alpha1.RegionReport) []string {
	var paths []string
	var names [][]string
	for _, provider := range region.Providers {
		if provider.After == nil {
			continue
		}
		path := pathNow(provider.After, region.Satellite != nil)
		i := slices.Index(paths, path)
		if i < 0 {
			i, paths, names = len(paths), append(paths, path), append(names, nil)
		}
		names[i] = append(names[i], provider.Name)
	}
	if len(region.Providers) > 1 {
		for i := range paths {
			paths[i] = strings.Join(names[i], ", ") + ": " + paths[i]
		}
	}
	return paths
}

// pathNow says which path the users of a provider take after a run.
func pathNow(after *v1alpha1.ProviderState, satellite bool) string {
	through := "the satellite"
	if !satellite {
		through = "the primary"
	}
	switch after.NetworkingV2 {
	case v1alpha1.NetworkingV2Off:
		return "the legacy path (Networking v2 is off)"
	case v1alpha1.NetworkingV2On, v1alpha1.NetworkingV2AlwaysOn:
		answers := map[v1alpha1.Finding]string{v1alpha1.FindingYes: "which answers", v1alpha1.FindingNo: "WHICH DOES NOT ANSWER"}[after.PathAnswers]
		return through + " (Networking v2 is on), " + cmp.Or(answers, "and it is not known whether that answers")
	default:
		return "not known: the primary does not say whether Networking v2 is on"
	}
}

// named names a step, and its provider where the region has several.
func named(step v1alpha1.StepResult, several bool, text string) string {
	name := step.Name
	if several && step.Provider != "" {
		name += " of " + step.Provider
	}
	if text == "" {
		return name
	}
	return name + ": " + text
}

func resultTable(steps []v1alpha1.StepResult, several bool) table {
	t := table{columns: []column{{title: "STEP"}, {title: "PROVIDER", hidden: !several}, {title: "STATE"}, {title: "TIME"}, {title: "MESSAGE"}}}
	for _, step := range steps {
		s := good
		switch step.State {
		case v1alpha1.StepFailed, v1alpha1.StepUndoFailed, v1alpha1.StepInterrupted:
			s = bad
		case v1alpha1.StepUndone:
			s = notice
		}
		text := step.Error
		if text == "" {
			text = step.Message
		}
		t.rows = append(t.rows, []cell{{text: step.Name}, {text: orNone(step.Provider)}, {text: words(string(step.State)), style: s}, {text: elapsed(step.Started, step.Finished)}, {text: orNone(text)}})
	}
	return t
}

// span returns when the first step began and the last one ended.
func span(steps []v1alpha1.StepResult) (started, finished metav1.Time) {
	for _, step := range steps {
		if !step.Started.IsZero() && (started.IsZero() || step.Started.Before(&started)) {
			started = step.Started
		}
		if finished.Before(&step.Finished) {
			finished = step.Finished
		}
	}
	return started, finished
}

// elapsed returns a time in full seconds; "-" if it is not known.
func elapsed(started, finished metav1.Time) string {
	if started.IsZero() || finished.IsZero() || finished.Time.Before(started.Time) {
		return "-"
	}
	return seconds(finished.Sub(started.Time))
}

func seconds(d time.Duration) string { return d.Round(time.Second).String() }

// reportSummary says in plain words how the command ended.
func reportSummary(report *v1alpha1.MigrationReport) string {
	var well, failed, waiting []string
	for _, region := range report.Regions {
		switch region.Outcome {
		case v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo:
			well = append(well, region.Name)
		case v1alpha1.OutcomeNotStarted:
			waiting = append(waiting, region.Name)
		default:
			failed = append(failed, region.Name)
		}
	}
	took := ""
	if t := elapsed(report.Started, report.Finished); t != "-" {
		took = " after " + t
	}
	text := fmt.Sprintf("%s: %s%s; %d of %s done", report.Operation, words(string(report.Outcome)), took, len(well), counted(len(report.Regions), "region"))
	if len(failed) > 0 {
		text += "; not done: " + strings.Join(failed, ", ")
	}
	if len(waiting) > 0 {
		text += "; not started: " + strings.Join(waiting, ", ")
	}
	return text + "."
}
