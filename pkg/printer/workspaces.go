package printer

import (
	"cmp"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func (p *page) workspaces(report *v1alpha1.WorkspaceReport) {
	p.overview(primaryLine(report.Primary), adoptionTable(report.Providers))
	var messages Groups[string]
	for _, provider := range report.Providers {
		if provider.Message != "" {
			messages.Join(provider.Message, cmp.Or(provider.Name, provider.Region), provider.Message)
		}
	}
	p.notes(messages)
	p.blank()
	p.table(workspaceTable(report, p.wide), "")
	p.summary(workspaceSummary(report, p.Ahead)...)
}

func adoptionTable(providers []v1alpha1.ProviderWorkspaces) table {
	t := newTable("REGION", "PROVIDER", "NETWORKING", "MOVED", "WAITING", "BUILDING", "FAILED")
	for _, provider := range providers {
		a := provider.Adoption
		if a == nil {
			t.add(provider.Region, orNone(provider.Name), provider.NetworkingV2, "-", "-", "-", "-")
			continue
		}
		t.add(provider.Region, orNone(provider.Name), provider.NetworkingV2, movedCell(a),
			fmt.Sprintf("%d (%d on)", a.WaitingOn+a.WaitingOff, a.WaitingOn), a.Building, a.Failed)
	}
	return t
}

// movedCell shows how many of the workspaces use the present path, as "12/22"; "-" if it is unknown for some.
func movedCell(adoptions ...*v1alpha1.Adoption) cell {
	if len(adoptions) == 0 {
		return cell{text: "-"}
	}
	moved, total := 0, 0
	for _, a := range adoptions {
		if a == nil {
			return cell{text: "-"}
		}
		moved, total = moved+a.Adopted, total+a.Total
	}
	return cell{fmt.Sprintf("%d/%d", moved, total), goodIf(moved >= total)}
}

// workspaceTable shows, of a list, all workspaces if wide and none otherwise; of a rebuild, those that it concerns.
func workspaceTable(report *v1alpha1.WorkspaceReport, wide bool) table {
	rebuild := report.Operation == "rebuild"
	t := newTable("WORKSPACE", "OWNER", "PROVIDER", "CONTAINER", "STATE?", "REBUILD?", "LAST CONNECTION", "REASON")
	styles := map[v1alpha1.RebuildState]style{
		v1alpha1.RebuildPlanned: notice, v1alpha1.RebuildDone: good, v1alpha1.RebuildFailed: bad, v1alpha1.RebuildNotStarted: notice,
	}
	for _, w := range report.Workspaces {
		state := orNone(Words(string(w.State)))
		if rebuild {
			state = ""
		}
		moved := w.Rebuild == v1alpha1.RebuildLeft && w.State == v1alpha1.WorkspaceAdopted
		if wide || rebuild && !moved {
			t.add(w.Name, w.Owner, w.Provider, w.Container, state, cell{Words(string(w.Rebuild)), styles[w.Rebuild]},
				moment(w.LastConnection), orNone(w.Reason))
		}
	}
	return t
}

func moment(at *metav1.Time) string {
	if at == nil {
		return "never"
	}
	return at.UTC().Format("2006-01-02 15:04")
}

func workspaceSummary(report *v1alpha1.WorkspaceReport, ahead bool) (summary sentences) {
	var total, waiting, unknown int
	for _, provider := range report.Providers {
		if a := provider.Adoption; a != nil {
			total += a.Total
			waiting += a.WaitingOn + a.WaitingOff
		} else if provider.NetworkingV2 != v1alpha1.NetworkingV2Off || provider.Message == "" {
			unknown++
		}
	}
	if report.Operation == "rebuild" {
		return rebuildSummary(report, ahead)
	}
	summary.add(true, "%d of %s wait for a rebuild; until then they use the former path.", waiting, counted(total, "workspace"))
	summary.add(unknown > 0, "It is unknown which path the workspaces of %s use.", counted(unknown, "provider"))
	summary.add(waiting > 0, "`"+pluginName+" workspaces rebuild` with the same flags rebuilds them, and leaves those in use alone.")
	return summary
}

func rebuildSummary(report *v1alpha1.WorkspaceReport, ahead bool) (summary sentences) {
	states := map[v1alpha1.RebuildState]int{}
	left := 0 // that still wait
	for _, w := range report.Workspaces {
		states[w.Rebuild]++
		if w.Rebuild == v1alpha1.RebuildLeft && w.State == v1alpha1.WorkspaceWaiting {
			left++
		}
	}
	var parts sentences
	parts.count(states[v1alpha1.RebuildPlanned], "to be rebuilt")
	parts.count(states[v1alpha1.RebuildDone], "rebuilt")
	parts.count(states[v1alpha1.RebuildFailed], "failed")
	parts.count(states[v1alpha1.RebuildNotStarted], "not started")
	parts.count(left, "left waiting")
	if len(parts) == 0 {
		parts = sentences{"none waits for a rebuild"}
	}
	summary.add(true, "%s: %s.", counted(len(report.Workspaces), "workspace"), strings.Join(parts, ", "))
	summary.add(states[v1alpha1.RebuildPlanned] > 0 && !ahead, "This was a plan: nothing was changed.")
	summary.add(states[v1alpha1.RebuildNotStarted] > 0, "Run the same command again for those that were not started.")
	return summary
}
