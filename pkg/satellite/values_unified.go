package satellite

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// URLs are the URLs that make a release the satellite of its region.
type URLs struct {
	Primary string // the primary's access URL
	Access  string // the satellite's own access URL
	Unified string // the URL that all satellites of the fleet share; empty if none
}

// setAlternates sets coderd.alternateHostnames (charts from 1.28): the satellite's own host, the unified one, and those in
// the values. Without a unified URL the values stay as they are.
func setAlternates(merged map[string]any, urls URLs) error {
	if urls.Unified == "" {
		return nil
	}
	given, err := AlternateHostnames(merged)
	if err != nil {
		return err
	}
	coderd, err := table(merged, "coderd")
	if err != nil {
		return err
	}
	var names []any
	for _, name := range slices.Concat([]string{hostOf(urls.Access), hostOf(urls.Unified)}, given) {
		same := func(other any) bool { return strings.EqualFold(fmt.Sprint(other), name) }
		if name != "" && !slices.ContainsFunc(names, same) {
			names = append(names, name)
		}
	}
	coderd["alternateHostnames"] = names
	return nil
}

// AlternateHostnames returns the values' coderd.alternateHostnames. Anything but a list of host names is an error.
func AlternateHostnames(values map[string]any) ([]string, error) {
	const path = "coderd.alternateHostnames"
	found := lookup(values, "coderd", "alternateHostnames")
	if found == nil {
		return nil, nil
	}
	list, ok := found.([]any)
	if !ok {
		return nil, fmt.Errorf("the Helm value %s must be a list of host names", path)
	}
	names := make([]string, len(list))
	for i, item := range list {
		name, ok := item.(string)
		if !ok || name == "" || strings.ContainsAny(name, "/@ ") {
			return nil, fmt.Errorf("the Helm value %s[%d] must be a host name such as coder-sydney.example.com, without https:// or a path", path, i)
		}
		names[i] = name
	}
	return names, nil
}

// hostOf returns the host name of a URL, in lower case and without its port.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
