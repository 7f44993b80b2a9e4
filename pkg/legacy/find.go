package legacy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// Hint helps to find the right release. Every field is optional.
type Hint struct {
	// Ledger is the journal's entry for the retained release, and the authority: it outweighs whatever others wrote.
	Ledger *journal.Ledger
	// Namespace is the provider's default namespace. It outweighs others, and is searched alone if not all can be listed.
	Namespace string
	// AccessURL is the provider's envproxy access URL. It decides between several releases elsewhere.
	AccessURL string
	// Others are the envproxy access URLs of the deployment's other providers. A release with one of these is another
	// provider's, unless the ledger or AccessURL says otherwise.
	Others []string
}

// Found is the result of a search.
type Found struct {
	// Releases are the legacy releases; normally one.
	Releases []Release
	// Unusable is set if the release that the ledger lists, or one in the provider's namespace, exists with neither a
	// deployed record nor a backup.
	Unusable bool
	// Remedy says what ends the Helm operation that left a release so; empty if none did.
	Remedy string
	// Reasons say what else was seen and why it was excluded.
	Reasons []string
	// Searched says where: "in all namespaces".
	Searched string
}

// Explain says in one sentence what was found, and what to do unless it is one release.
func (f Found) Explain() string {
	var text string
	switch len(f.Releases) {
	case 0:
		text = fmt.Sprintf("no legacy release was found %s: no Deployment with label %s=%s belongs to a Helm release of chart %s",
			f.Searched, labelEnvproxy, envproxy, chartName)
	case 1:
		r := f.Releases[0]
		text = fmt.Sprintf("%s, chart %s %s, revision %d", r, r.ChartName, r.ChartVersion, r.Revision)
		if r.RecordMissing {
			text += ", uninstalled: its record is in the backup " + r.Backup
		}
	default:
		text = fmt.Sprintf("%d legacy releases were found, and nothing shows which is the provider's: %s; uninstall the unused one",
			len(f.Releases), listed(f.Releases))
	}
	if reasons := f.Reasons; len(reasons) > 0 {
		if more := len(reasons) - mostReasons; more > 0 {
			reasons = append(slices.Clone(reasons[:mostReasons]), fmt.Sprintf("and %d more", more))
		}
		text += " (" + strings.Join(reasons, "; ") + ")"
	}
	return text
}

// mostReasons is how many reasons are shown: anybody may make Deployments.
const mostReasons = 8

type search struct {
	Site
	hint  Hint
	found Found
	// claims are the metadata of the envproxy Deployments by the release that they claim.
	claims map[string][]metav1.PartialObjectMetadata
}

// Find returns the legacy releases of the cluster. It starts from the envproxy Deployments, so the number of Helm
// releases does not matter. It looks first where only the provider's own people can have made them: at the ledger's
// release, then in the provider's namespace, and elsewhere only if neither has one. Nothing found is not an error. A
// record that cannot be read is one, unless a likelier release was found.
func (s Site) Find(ctx context.Context, hint Hint) (Found, error) {
	search := &search{Site: s.Once(), hint: hint, claims: map[string][]metav1.PartialObjectMetadata{}}
	var expected sync.WaitGroup
	defer expected.Wait()
	search.expect(ctx, hint.Ledger, &expected)
	return search.run(ctx)
}

func (s *search) run(ctx context.Context) (Found, error) {
	candidates, unfit, err := s.candidates(ctx)
	if err != nil {
		return Found{}, err
	}
	listed, aside := s.hint.Ledger != nil, "is not in the provider's namespace"
	if listed {
		aside = "is not the release that the journal lists as retained"
	}
	for place, likely := range candidates {
		// Whatever remains of the ledger's release, usable or not, rules out all others.
		settled := len(s.found.Releases) > 0 || listed && (len(s.found.Reasons) > 0 || place == elsewhere)
		if !settled {
			if err := s.examine(ctx, likely); err != nil {
				return Found{}, err
			}
			continue
		}
		for _, candidate := range likely {
			s.exclude("%s %s", candidate, aside)
		}
	}
	s.found.Releases = slices.DeleteFunc(s.found.Releases, s.isAnothers)
	if len(s.found.Releases) == 0 {
		if err := s.fromBackups(ctx); err != nil {
			return Found{}, err
		}
	}
	// The access URL is only what a release says of itself.
	s.prefer("is not in the provider's namespace", func(r Release) bool { return r.Namespace == s.hint.Namespace })
	s.prefer("serves another access URL than the provider's", func(r Release) bool { return r.serves(s.hint.AccessURL) })
	for _, reason := range unfit { // last, since anybody may cause them
		s.exclude("%s", reason)
	}
	return s.found, nil
}

func (s *search) exclude(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if !slices.ContainsFunc(s.found.Reasons, func(said string) bool { return strings.Contains(said, reason) }) {
		s.found.Reasons = append(s.found.Reasons, reason)
	}
}

// serves reports whether the access URL is the release's.
func (r Release) serves(accessURL string) bool {
	return accessURL != "" && coder.SameURL(r.AccessURL, accessURL)
}

// isAnothers reports whether the release is another provider's: several may share a cluster.
func (s *search) isAnothers(r Release) bool {
	if isOf(s.hint.Ledger, r) || r.serves(s.hint.AccessURL) || !slices.ContainsFunc(s.hint.Others, r.serves) {
		return false
	}
	s.exclude("%s is another provider's: it serves %s", r, r.AccessURL)
	return true
}

// prefer keeps the release that fits, if exactly one does.
func (s *search) prefer(otherwise string, fits func(Release) bool) {
	others := slices.DeleteFunc(slices.Clone(s.found.Releases), fits)
	if len(s.found.Releases) != len(others)+1 {
		return
	}
	for _, r := range others {
		s.exclude("%s %s", r, otherwise)
	}
	s.found.Releases = slices.DeleteFunc(s.found.Releases, func(r Release) bool { return !fits(r) })
}
