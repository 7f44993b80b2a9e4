package printer

import (
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// pluginName is how users type the plugin.
const pluginName = "kubectl coder-satellite"

// human prints documents as text for people.
type human struct {
	Options
	wide bool
}

func (h human) PrintObj(document runtime.Object, w io.Writer) error {
	p := &page{width: h.Width, color: h.Color}
	switch d := document.(type) {
	case *v1alpha1.Plan:
		h.plan(p, d)
	case *v1alpha1.MigrationReport:
		h.report(p, d)
	case *v1alpha1.StatusReport:
		h.status(p, d)
	case *v1alpha1.VerifyReport:
		h.verification(p, d)
	case *v1alpha1.CheckList:
		h.checkList(p, d)
	case *v1alpha1.VersionInfo:
		h.version(p, d)
	default:
		return (&yamlPrinter{}).PrintObj(document, w) // a Fleet is for a file
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// primaryLine says which primary, and as whom.
func primaryLine(primary v1alpha1.Primary) string {
	text := "Primary " + primary.URL
	if primary.Version != "" {
		text += ", Coder " + primary.Version
	} else {
		text += ", version unknown"
	}
	if primary.Operator != "" {
		text += ", as " + primary.Operator
	}
	return text
}

// words turns a CamelCase constant into words: "ChangesPending", "changes pending".
func words(constant string) string {
	var b strings.Builder
	for i, r := range constant {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// outcomeStyle marks what a reader should look at.
func outcomeStyle(outcome v1alpha1.Outcome) style {
	switch outcome {
	case v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo:
		return good
	case v1alpha1.OutcomeChangesPending, v1alpha1.OutcomeNotStarted:
		return notice
	}
	return bad
}

// orNone shows that there is nothing where a blank could be an oversight.
func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// counted returns "1 region" or "2 regions".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
