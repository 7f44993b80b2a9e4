package printer

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// checkList writes what checks mean: one in full, several in a table, unless
// the wide format asks for all of them in full.
func (h human) checkList(p *page, list *v1alpha1.CheckList) {
	if len(list.Items) != 1 && !h.wide {
		t := table{columns: []column{{title: "CHECK"}, {title: "CATEGORY"}, {title: "SEVERITY"}, {title: "QUESTION"}}}
		for _, info := range list.Items {
			t.rows = append(t.rows, []cell{{text: info.ID}, {text: info.Category}, {text: words(string(info.Severity))}, {text: info.Question}})
		}
		p.table(t, h.wide, "")
		return
	}
	for _, info := range list.Items {
		p.blank()
		p.title(info.ID, strong)
		kind := []string{"category " + info.Category, "severity " + words(string(info.Severity))}
		if info.Preflight {
			kind = append(kind, "a failure stops a migration before it starts")
		}
		p.text("  ", strings.Join(kind, ", "))
		p.blank()
		p.text("  ", info.Question)
		p.blank()
		p.paragraphs("  ", info.Explanation)
	}
}

// version writes the versions, a line each.
func (h human) version(p *page, info *v1alpha1.VersionInfo) {
	build := []string{info.GoVersion, info.Platform}
	if info.Commit != "" {
		build = append([]string{"commit " + info.Commit}, build...)
	}
	p.command("", pluginName+" "+info.Version+" ("+strings.Join(build, ", ")+")")
	if info.Primary != nil {
		p.title(primaryLine(*info.Primary), plain)
	}
}
