package fleet

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// validate notes everything that is wrong with the fleet. in is what the user
// wrote, and out is the same with defaults and paths filled in.
func validate(p *problems, in v1alpha1.Fleet, out *Fleet, folder string, need requirements) {
	if in.Coder.URL != "" {
		validateURL(p, "coder.url", in.Coder.URL)
	}
	validateFile(p, "coder.caFile", in.Coder.CAFile, out.CAFile)
	validateChart(p, in.Chart)
	validateUnified(p, in, out)
	validateNames(p, "defaults.", in.Defaults.Namespace, in.Defaults.Release)
	for i, file := range in.Defaults.Values {
		validateFile(p, fmt.Sprintf("defaults.values[%d]", i), file, inFolder(folder, file))
	}
	if len(in.Regions) == 0 {
		p.addf("regions", "missing; name at least one region")
	}
	for i, region := range in.Regions {
		validateRegion(p, fmt.Sprintf("regions[%d]", i), region, out, folder, need)
	}
	validateUnique(p, in.Regions, out.Regions)
	validateWaves(p, in)
	if in.Rollout.MaxParallel < 0 {
		p.addf("rollout.maxParallel", "is %d, must be 1 or more (0 means %d)", in.Rollout.MaxParallel, DefaultMaxParallel)
	}
	if in.Rollout.MaxFailures < 0 {
		p.addf("rollout.maxFailures", "is %d, must be 0 or more", in.Rollout.MaxFailures)
	}
}

// maxRelease is the longest release name that Helm 3 takes, so that names made from it fit a DNS label.
const maxRelease = 53

func validateNames(p *problems, at, namespace, release string) {
	if namespace != "" && len(validation.IsDNS1123Label(namespace)) > 0 {
		p.addf(at+"namespace", "%q is not a namespace's name: use up to 63 lower-case letters, digits and '-', with a letter or digit at both ends", namespace)
	}
	if release != "" && (len(release) > maxRelease || len(validation.IsDNS1123Subdomain(release)) > 0) {
		p.addf(at+"release", "%q is not a Helm release's name: use up to %d lower-case letters, digits, '-' and '.', with a letter or digit at both ends", release, maxRelease)
	}
}

func validateChart(p *problems, chart v1alpha1.Chart) {
	for _, field := range []struct{ path, location string }{{"chart.repo", chart.Repo}, {"chart.name", chart.Name}} {
		if holdsUser(field.location) {
			p.addf(field.path, "must not hold a user name or password; log in by `helm registry login`, or name a .tgz that was downloaded")
			return
		}
	}
	if chart.Repo != "" {
		if isLocalChart(chart.Name) || isOCI(chart.Name) {
			p.addf("chart.repo", "cannot be used with the chart %q, which is no name in a repository; leave one of them out", chart.Name)
		}
		if !strings.HasPrefix(chart.Repo, "https://") && !strings.HasPrefix(chart.Repo, "http://") {
			p.addf("chart.repo", "must be an http or https URL; an OCI chart goes into the chart's name, as oci://HOST/PATH")
		}
	}
	if strings.HasPrefix(chart.Version, "v") {
		p.addf("chart.version", "%q: chart versions have no v; write %q", chart.Version, chart.Version[1:])
	}
}

// validateFile notes a file that is not there; file may be empty.
func validateFile(p *problems, path, file, resolved string) {
	if file == "" {
		if strings.HasSuffix(path, "]") {
			p.addf(path, "is empty; name a file or leave it out")
		}
		return
	}
	info, err := os.Stat(resolved)
	switch {
	case err != nil && os.IsNotExist(err):
		p.addf(path, "the file %s does not exist", resolved)
	case err != nil:
		p.addf(path, "the file %s cannot be read: %v", resolved, unwrapPath(err))
	case info.IsDir():
		p.addf(path, "%s is a folder, not a file", resolved)
	}
}

func unwrapPath(err error) error {
	if pathError, ok := err.(*fs.PathError); ok { //nolint:errorlint // only the outermost wrapping repeats the path
		return pathError.Err
	}
	return err
}

func validateHostPort(p *problems, path, address string) {
	host, port, err := net.SplitHostPort(address)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || number == 0 || host == "" || strings.ContainsAny(host, "/@ ") {
		p.addf(path, "%q is not HOST:PORT, for example 203.0.113.7:443 or [2001:db8::7]:443", address)
	}
}
