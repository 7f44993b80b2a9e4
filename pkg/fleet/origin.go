package fleet

import (
	"regexp"
	"strings"
)

// origin says where a field came from, so that an error can point there.
type origin interface {
	// place returns the file, the line (0 if unknown) and the name to show for a path.
	place(path string) (file string, line int, field string)
}

// fileOrigin is a Fleet file: each path has the line where it stands.
type fileOrigin struct {
	file  string
	lines map[string]int
}

func (o fileOrigin) place(path string) (string, int, string) {
	return o.file, o.line(path), path
}

// line returns the line of the path or, for a field that is missing, of the
// nearest thing around it that is not.
func (o fileOrigin) line(path string) int {
	for {
		if line, ok := o.lines[path]; ok {
			return line
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return o.lines[""]
		}
		path = path[:cut]
	}
}

// flagOrigin are flags: a path is shown as the flag that set it.
type flagOrigin struct{}

func (flagOrigin) place(path string) (string, int, string) {
	flag, ok := map[string]string{
		"regions.name": "--context", "regions.context": "--context", "regions.satellite": "--satellite",
		"regions.accessURL": "--access-url", "regions.namespace": "--namespace", "regions.release": "--release",
		"regions.values": "--values", "regions.connectTo": "--connect-to", "regions.canary.workspace": "--canary",
		"regions.provider": "--provider", "regions.providers": "--provider", "regions.providers.name": "--provider",
		"regions.providers.context": "--provider-context", "regions.providers.canary.workspace": "--canary",
		"coder.url": "--coder-url", "coder.caFile": "--coder-ca-file", "unifiedURL": "--unified-url",
		"chart.name": "--chart", "chart.repo": "--repo", "chart.version": "--chart-version",
		"rollout.maxParallel": "--max-parallel", "rollout.maxFailures": "--max-failures",
	}[regexp.MustCompile(`\[\d+\]`).ReplaceAllString(path, "")]
	if !ok {
		return "", 0, path
	}
	return "", 0, flag
}
