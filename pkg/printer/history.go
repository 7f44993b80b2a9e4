package printer

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func (p *page) history(history *v1alpha1.History) {
	t := newTable("REGION", "PLACE", "OPERATION", "OPERATOR", "STARTED", "TOOK", "OUTCOME", "REASON+")
	var unread Groups[string]
	for _, region := range history.Regions {
		if len(region.Runs) == 0 {
			t.add(region.Name, "-", "none", "-", "-", "-", "-", "-")
		}
		for _, run := range region.Runs {
			place, outcome := strings.Join(run.Places, ", "), cell{Words(string(run.Outcome)), outcomeStyle(run.Outcome)}
			if run.Outcome == "" {
				outcome = cell{"unfinished", notice}
			}
			if run.Operation == "" {
				t.add(region.Name, place, "unknown", "-", "-", "-", "-", "-")
				unread.Join("the journal could not be read: "+run.Error, region.Name+" ("+place+")", run.Error)
				continue
			}
			t.add(region.Name, place, run.Operation, run.Operator, moment(&run.Started), elapsed(run.Started, run.Updated), outcome,
				orNone(strings.Join(distinct(run.Reason, run.Error), ": ")))
		}
	}
	p.overview(primaryLine(history.Primary), t)
	p.notes(unread)
}
