package printer

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// checkList writes what checks mean: one in full, several in a table or, with -o wide, all in full.
func (p *page) checkList(list *v1alpha1.CheckList) {
	if len(list.Items) != 1 && !p.wide {
		t := table{columns: []column{{title: "CHECK"}, {title: "CATEGORY"}, {title: "SEVERITY"}, {title: "QUESTION"}}}
		for _, info := range list.Items {
			t.add(info.ID, info.Category, Words(string(info.Severity)), info.Question)
		}
		p.table(t, "")
		return
	}
	for _, info := range list.Items {
		p.blank()
		p.title(info.ID, strong)
		kind := "category " + info.Category + ", severity " + Words(string(info.Severity))
		if info.Preflight {
			kind += ", a failure stops a migration before it starts"
		}
		p.text("  ", kind)
		p.blank()
		p.text("  ", info.Question)
		p.blank()
		p.paragraphs("  ", info.Explanation)
	}
}

func (p *page) version(info *v1alpha1.VersionInfo) {
	build := []string{info.GoVersion, info.Platform}
	if info.Commit != "" {
		build = append([]string{"commit " + info.Commit}, build...)
	}
	p.command("", pluginName+" "+info.Version+" ("+strings.Join(build, ", ")+")")
	if info.Primary != nil {
		p.title(primaryLine(*info.Primary), plain)
	}
}
