package fleet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

type validator struct {
	*problems
	in        v1alpha1.Fleet // as the user wrote it
	out       *Fleet         // the same with defaults and paths filled in
	folder    string         // the base of relative paths
	accessURL bool           // every satellite needs one
}

func (v *validator) validate() {
	v.checkURL("coder.url", v.in.Coder.URL)
	v.checkFile("coder.caFile", v.out.CAFile)
	v.checkChart(v.in.Chart)
	v.checkUnified()
	v.checkNames("defaults", v.in.Defaults.Namespace, v.in.Defaults.Release)
	v.checkFiles("defaults.values", v.in.Defaults.Values)
	v.addIf(len(v.in.Regions) == 0, "regions", "missing; name at least one region")
	for i, region := range v.in.Regions {
		v.checkRegion(fmt.Sprintf("regions[%d]", i), region)
	}
	v.checkUnique()
	v.addIf(v.in.Rollout.MaxParallel < 0, "rollout.maxParallel", "is %d, must be 1 or more (0 means %d)", v.in.Rollout.MaxParallel, DefaultMaxParallel)
	v.addIf(v.in.Rollout.MaxFailures < 0, "rollout.maxFailures", "is %d, must be 0 or more", v.in.Rollout.MaxFailures)
}

// maxRelease is the longest release name that Helm 3 accepts: names derived from it must fit a DNS label.
const maxRelease = 53

func (p *problems) checkNames(at, namespace, release string) {
	p.addIf(namespace != "" && len(validation.IsDNS1123Label(namespace)) > 0, at+".namespace",
		"%q is not a namespace's name: use up to 63 lower-case letters, digits and '-', with a letter or digit at both ends", namespace)
	p.addIf(release != "" && (len(release) > maxRelease || len(validation.IsDNS1123Subdomain(release)) > 0), at+".release",
		"%q is not a Helm release's name: use up to %d lower-case letters, digits, '-' and '.', with a letter or digit at both ends", release, maxRelease)
}

func (p *problems) checkChart(chart v1alpha1.Chart) {
	for _, field := range []struct{ path, location string }{{"chart.repo", chart.Repo}, {"chart.name", chart.Name}} {
		if holdsUser(field.location) {
			p.addf(field.path, "must not hold a user name or password; log in by `helm registry login`, or name a .tgz that was downloaded")
			return
		}
	}
	if chart.Repo != "" {
		p.addIf(isLocalChart(chart.Name) || isOCI(chart.Name), "chart.repo",
			"cannot be used with the chart %q, which is not a name in a repository; leave one of them out", chart.Name)
		p.addIf(!strings.HasPrefix(chart.Repo, "https://") && !strings.HasPrefix(chart.Repo, "http://"), "chart.repo",
			"must be an http or https URL; an OCI chart goes into the chart's name, as oci://HOST/PATH")
	}
	p.addIf(strings.HasPrefix(chart.Version, "v"), "chart.version", "%q: chart versions have no v; write %q", chart.Version, strings.TrimPrefix(chart.Version, "v"))
}

func (v *validator) checkFiles(at string, files []string) {
	for i, file := range files {
		path := fmt.Sprintf("%s[%d]", at, i)
		v.addIf(file == "", path, "is empty; name a file or leave it out")
		v.checkFile(path, inFolder(v.folder, file))
	}
}

func (p *problems) checkFile(path, file string) {
	info, err := os.Stat(file)
	switch {
	case file == "": // none is named
	case os.IsNotExist(err):
		p.addf(path, "the file %s does not exist", file)
	case err != nil:
		p.addf(path, "the file %s cannot be read: %v", file, errors.Unwrap(err)) // the outer error repeats the path
	case info.IsDir():
		p.addf(path, "%s is a folder, not a file", file)
	}
}

func (p *problems) checkHostPort(path, address string) {
	host, port, err := net.SplitHostPort(address)
	number, portErr := strconv.ParseUint(port, 10, 16)
	bad := err != nil || portErr != nil || number == 0 || host == "" || strings.ContainsAny(host, "/@ ")
	p.addIf(address != "" && bad, path,
		"%q is not HOST:PORT, for example 203.0.113.7:443 or [2001:db8::7]:443", address)
}
