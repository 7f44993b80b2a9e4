package printer

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

const notUndone = "could not be undone" // the longest label of a region's entries

type entry struct {
	label string
	style style
	text  string
}

// outcomes writes what a run did to regions, each cause once, and the commands to run next, each for all its regions.
// It writes what differs a little, such as the missing DNS record, for each region, unless there are too many. A region
// alone is under its title, which has its name, and is told in full.
func (p *page) outcomes(regions []v1alpha1.RegionReport, alone bool) {
	var entries Groups[entry]
	var found Groups[v1alpha1.CheckResult]
	var next Groups[string]
	var evidence []string
	started := numbers(regions, func(region v1alpha1.RegionReport) bool { return region.Outcome != v1alpha1.OutcomeNotStarted })[true]
	for i := range regions {
		region := &regions[i]
		name, folder, several := region.Name, region.Evidence, len(region.Providers) > 1
		if alone {
			name = ""
			if p.wide {
				p.table(resultTable(region.Steps, several), "  ")
			}
		} else if folder != "" {
			folder = filepath.Dir(folder)
		}
		evidence = append(evidence, folder)
		p.joinChecks(&found, name, v1alpha1.Notable(region.Preflight), several)
		add := func(provider, label string, s style, text string) {
			key := text
			if started > tall {
				key = Vague(region.Name, text)
			}
			if text != "" {
				entries.Join(entry{label, s, text}, place(name, provider, several), label+key)
			}
		}
		p.entriesOf(region, add)
		if gap := gapCell(region.Measured); gap.style == notice && !alone {
			add("", "gap", notice, "something that users need did not answer for "+gap.text)
		}
		if region.Next != "" {
			next.Join(region.Next, region.Name, strings.Replace(region.Next+" ", " --region "+region.Name+" ", " --region ", 1))
		}
	}
	slices.SortStableFunc(entries.List, func(a, b *Group[entry]) int { // that something could not be undone comes first
		return strings.Count(b.First.label, notUndone) - strings.Count(a.First.label, notUndone)
	})
	slices.SortStableFunc(next.List, func(a, b *Group[string]) int { // and a rollback
		return strings.Count(b.Key, pluginName+" rollback ") - strings.Count(a.Key, pluginName+" rollback ")
	})
	write := p.entries(len(notUndone))
	for _, g := range entries.List {
		write(g.First.label, g.First.style, p.whose(g.Regions, g.First.text))
	}
	if alone {
		p.measured(regions[0].Measured)
	}
	p.causes(found)
	if !alone || len(found.List) > 0 {
		p.blank()
	}
	copied := func(label, text string) { p.command("  "+pad(label, len(notUndone))+gap, text) }
	for _, folder := range distinct(evidence...) {
		copied("evidence", folder)
	}
	for _, g := range next.List {
		copied("next", forAll(g.Regions, g.First))
	}
}

// entriesOf adds what a reader must know of a region, or of one of its providers. Its steps are entries if they failed,
// were interrupted or undone; with -o wide, they are in a table.
func (p *page) entriesOf(region *v1alpha1.RegionReport, add func(provider, label string, s style, text string)) {
	add("", "resumed", plain, region.Resumed)
	for _, provider := range region.Providers {
		if provider.After != nil {
			add(provider.Name, "path now", plain, pathNow(provider.After, region.Satellite != nil))
			add(provider.Name, "distance", plain, distanceLine(provider.After.Distance))
		}
	}
	if region.Outcome == v1alpha1.OutcomeNotStarted {
		add("", "path now", plain, "as before: this run changed nothing here")
	}
	told := false // why it failed
	for _, step := range region.Steps {
		label, s, text := Words(string(step.State)), stateStyle(step.State), step.Error
		switch step.State {
		case v1alpha1.StepFailed, v1alpha1.StepInterrupted:
		case v1alpha1.StepUndone:
			text = step.Message
		case v1alpha1.StepUndoFailed:
			label = notUndone
		default:
			continue
		}
		told = told || text != "" && s == bad
		if !p.wide {
			add(step.Provider, label, s, strings.TrimSuffix(step.Name+": "+text, ": "))
		}
	}
	if len(region.Providers) > 1 {
		for _, provider := range region.Providers {
			told = told || provider.Error != ""
			add(provider.Name, "provider", outcomeStyle(provider.Outcome), strings.TrimSuffix(Words(string(provider.Outcome))+": "+provider.Error, ": "))
		}
	}
	if !told {
		add("", "error", bad, region.Error)
	}
	for _, left := range region.Left {
		add("", "left", notice, left)
	}
}

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

func resultTable(steps []v1alpha1.StepResult, several bool) table {
	t := newTable("STEP", "PROVIDER?", "STATE", "TIME", "MESSAGE")
	for _, step := range steps {
		t.add(step.Name, ofSeveral(several, step.Provider), cell{Words(string(step.State)), stateStyle(step.State)},
			elapsed(step.Started, step.Finished), cmp.Or(step.Error, step.Message, "-"))
	}
	return t
}
