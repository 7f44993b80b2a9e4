package legacy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Hint helps to find the right release. All of it is optional.
type Hint struct {
	// Namespace is the provider's default namespace. It is searched if the
	// operator may not list all namespaces, and preferred if several releases
	// are found.
	Namespace string
	// AccessURL is the provider's envproxy access URL: of several releases, the
	// one with this value is the provider's.
	AccessURL string
	// BackupNamespace is the satellite's namespace, where backups are; empty
	// means to look in all.
	BackupNamespace string
}

// Found is the result of a search.
type Found struct {
	// Releases are the legacy releases: one, if all is well.
	Releases []Release
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
		names := make([]string, len(f.Releases))
		for i, r := range f.Releases {
			names[i] = r.String()
		}
		text = fmt.Sprintf("%d legacy releases were found and it cannot be told which is the provider's: %s; uninstall the one that is not used",
			len(f.Releases), strings.Join(names, ", "))
	}
	if len(f.Reasons) > 0 {
		text += " (" + strings.Join(f.Reasons, "; ") + ")"
	}
	return text
}

// search is one search in progress.
type search struct {
	access *cluster.Access
	hint   Hint
	found  Found
	// backups are those of the cluster; nil until they were listed.
	backups []metav1.PartialObjectMetadata
	listed  bool
}

// Find returns the legacy releases of the cluster. It starts from the envproxy
// Deployments, so that the number of Helm releases does not matter: with one or
// two envproxies it takes at most six requests, and transfers one record each.
// Nothing found is not an error.
func Find(ctx context.Context, access *cluster.Access, hint Hint) (Found, error) {
	s := &search{access: access, hint: hint}
	candidates, err := s.candidates(ctx)
	if err != nil {
		return Found{}, err
	}
	if err := s.examine(ctx, candidates); err != nil {
		return Found{}, err
	}
	if len(s.found.Releases) == 0 {
		if err := s.fromBackups(ctx); err != nil {
			return Found{}, err
		}
	}
	s.choose()
	return s.found, nil
}

// candidates are the releases that envproxy Deployments say they belong to.
func (s *search) candidates(ctx context.Context) ([]Release, error) {
	deployments := s.access.Metadata().Resource(appsv1.SchemeGroupVersion.WithResource("deployments"))
	options := metav1.ListOptions{LabelSelector: labelEnvproxy + "=" + envproxy}
	s.found.Searched = inNamespace("")
	list, err := deployments.List(ctx, options)
	if apierrors.IsForbidden(err) && s.hint.Namespace != "" {
		s.found.Searched = inNamespace(s.hint.Namespace) + " (you may not list all)"
		list, err = deployments.Namespace(s.hint.Namespace).List(ctx, options)
	}
	if err != nil {
		return nil, fmt.Errorf("the envproxy Deployments %s cannot be listed: %w", s.found.Searched, err)
	}
	var candidates []Release
	for _, item := range list.Items {
		release := Release{Namespace: item.Annotations[annotationNamespace], Name: item.Annotations[annotationRelease], Deployment: item.Name}
		if release.Name == "" || release.Namespace == "" {
			s.exclude("Deployment %s/%s belongs to no Helm release: it has no annotation %s", item.Namespace, item.Name, annotationRelease)
			continue
		}
		same := func(r Release) bool { return r.Namespace == release.Namespace && r.Name == release.Name }
		if !slices.ContainsFunc(candidates, same) {
			candidates = append(candidates, release)
		}
	}
	return candidates, nil
}

func (s *search) exclude(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if !slices.ContainsFunc(s.found.Reasons, func(said string) bool { return strings.Contains(said, reason) }) {
		s.found.Reasons = append(s.found.Reasons, reason)
	}
}

// choose keeps the provider's release of several, if the hint tells which it is.
func (s *search) choose() {
	for _, clue := range []struct {
		known bool
		why   string
		fits  func(Release) bool
	}{
		{s.hint.AccessURL != "", "serves another access URL than the provider's", func(r Release) bool { return sameURL(r.AccessURL, s.hint.AccessURL) }},
		{s.hint.Namespace != "", "is not in the provider's namespace", func(r Release) bool { return r.Namespace == s.hint.Namespace }},
	} {
		if len(s.found.Releases) < 2 || !clue.known {
			continue
		}
		var chosen []Release
		for _, r := range s.found.Releases {
			if clue.fits(r) {
				chosen = append(chosen, r)
			}
		}
		if len(chosen) != 1 {
			continue
		}
		for _, r := range s.found.Releases {
			if r.String() != chosen[0].String() {
				s.exclude("%s %s", r, clue.why)
			}
		}
		s.found.Releases = chosen
	}
}

func sameURL(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}
