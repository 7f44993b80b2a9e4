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

// Hint helps to find the right release. All of it is optional.
type Hint struct {
	// Ledger is the journal's entry for the retained release. It is the
	// authority: nothing that others wrote in the cluster counts more.
	Ledger *journal.Ledger
	// Namespace is the provider's default namespace. What is there counts more
	// than what is elsewhere, and it alone is searched if the operator may not list
	// all namespaces.
	Namespace string
	// AccessURL is the provider's envproxy access URL. Of several releases that
	// are all elsewhere, the one with this value is the provider's.
	AccessURL string
	// Others are the envproxy access URLs of the deployment's other providers. A
	// release with one of these values is another provider's, if neither the ledger nor AccessURL says otherwise.
	Others []string
}

// Found is the result of a search.
type Found struct {
	// Releases are the legacy releases: one, if all is well.
	Releases []Release
	// Unusable is set if the release that the ledger lists, or one in the provider's
	// namespace, is there, but has neither a deployed record nor a backup.
	Unusable bool
	// Remedy says what ends the Helm operation that left a release with neither a
	// deployed record nor a backup; empty if none did.
	Remedy string
	// Reasons say what else was seen and why it is not among them.
	Reasons []string
	// Searched says where was searched, "in all namespaces".
	Searched string
}

// Explain says in one sentence what was found, and for anything but one
// release what to do.
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
		text = fmt.Sprintf("%d legacy releases were found and it cannot be told which is the provider's: %s; uninstall the one that is not used",
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

// search is one search in progress.
type search struct {
	Site
	hint  Hint
	found Found
	// deployments are the envproxy Deployments by the release that they name.
	deployments map[string][]string
	// saved returns the backups of deployed revisions, latest first. Those of
	// releases that were removed on purpose are left out.
	saved func() ([]metav1.PartialObjectMetadata, error)
}

// Find returns the legacy releases of the cluster. It starts from the envproxy
// Deployments, so that the number of Helm releases does not matter, and looks
// first where nobody but the provider's own people can have made them: at the
// release that the ledger names, then in the provider's namespace, and only if
// there is none, elsewhere. Nothing found is not an error; a record that cannot
// be read is one, unless it is less likely the provider's than what was found.
func (s Site) Find(ctx context.Context, hint Hint) (Found, error) {
	var expected sync.WaitGroup
	defer expected.Wait()
	s.expect(ctx, hint.Ledger, &expected)
	search := &search{Site: s, hint: hint, deployments: map[string][]string{}}
	search.saved = sync.OnceValues(func() ([]metav1.PartialObjectMetadata, error) { return search.listSaved(ctx) })
	return search.run(ctx)
}

func (s *search) run(ctx context.Context) (Found, error) {
	tiers, unfit, err := s.candidates(ctx)
	if err != nil {
		return Found{}, err
	}
	for i, tier := range tiers {
		// What is left of the ledger's release, usable or not, leaves no room for another.
		left := i > 0 && s.hint.Ledger != nil && len(s.found.Reasons) > 0
		if len(s.found.Releases) > 0 || left || tier.excluded {
			for _, candidate := range tier.candidates {
				s.exclude("%s %s", candidate, tier.aside)
			}
			continue
		}
		if err := s.examine(ctx, tier.candidates); err != nil {
			return Found{}, err
		}
	}
	s.leaveOthers()
	if len(s.found.Releases) == 0 {
		if err := s.fromBackups(ctx); err != nil {
			return Found{}, err
		}
	}
	s.choose()
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

// leaveOthers drops the releases of other providers: several may share a cluster.
func (s *search) leaveOthers() {
	s.found.Releases = slices.DeleteFunc(s.found.Releases, func(r Release) bool {
		if isOf(s.hint.Ledger, r) || s.hint.AccessURL != "" && coder.SameURL(r.AccessURL, s.hint.AccessURL) {
			return false
		}
		others := r.AccessURL != "" && slices.ContainsFunc(s.hint.Others, func(url string) bool { return coder.SameURL(r.AccessURL, url) })
		if others {
			s.exclude("%s is another provider's: it serves %s", r, r.AccessURL)
		}
		return others
	})
}

// choose keeps the provider's release of several: the one in the provider's
// namespace, or else the one with its access URL, which is only what a release
// says of itself.
func (s *search) choose() {
	for _, clue := range []struct {
		why  string
		fits func(Release) bool
	}{
		{"is not in the provider's namespace", func(r Release) bool { return r.Namespace == s.hint.Namespace }},
		{"serves another access URL than the provider's", func(r Release) bool {
			return s.hint.AccessURL != "" && coder.SameURL(r.AccessURL, s.hint.AccessURL)
		}},
	} {
		fits := slices.DeleteFunc(slices.Clone(s.found.Releases), func(r Release) bool { return !clue.fits(r) })
		if len(s.found.Releases) < 2 || len(fits) != 1 {
			continue
		}
		for _, r := range s.found.Releases {
			if !clue.fits(r) {
				s.exclude("%s %s", r, clue.why)
			}
		}
		s.found.Releases = fits
	}
}
