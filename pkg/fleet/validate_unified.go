package fleet

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// validateUnified notes why the unified URL cannot be one. Its host must be its
// own: a satellite tells its own name and the unified one apart by the host, and
// so does DNS, which leads the unified one to whatever is nearest.
func validateUnified(p *problems, in v1alpha1.Fleet, out *Fleet) {
	if in.UnifiedURL == "" {
		return
	}
	validateURL(p, "unifiedURL", in.UnifiedURL)
	host := Host(in.UnifiedURL)
	if host == "" {
		return
	}
	if host == Host(out.CoderURL) {
		p.addf("unifiedURL", "%q is also the host of the primary's URL; the unified URL needs a host of its own", host)
	}
	for i, region := range in.Regions {
		if host != Host(region.AccessURL) {
			continue
		}
		p.addf("unifiedURL", "%q is also the host of the access URL of region %q%s; the unified URL needs a host of its own", host,
			region.Name, p.line(fmt.Sprintf("regions[%d].accessURL", i)))
	}
}

// Host returns a URL's host name in lower case, without a port or a final dot;
// "" if it has none, or if the URL may hold a password.
func Host(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.User != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}
