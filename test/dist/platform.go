package main

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// pluginName is the plugin's name in krew, and the file name of its manifest.
	pluginName = "coder-satellite"
	// binaryName is the name that kubectl looks for: it turns dashes of a verb into underscores.
	binaryName = "kubectl-coder_satellite"
)

// platform is an operating system and an architecture, with Go's names.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

// binary is the name of the executable inside the archive.
func (p platform) binary() string {
	if p.os == "windows" {
		return binaryName + ".exe"
	}
	return binaryName
}

// archive is the name of the platform's archive of a version.
func (p platform) archive(version string) string {
	suffix := ".tar.gz"
	if p.os == "windows" {
		suffix = ".zip"
	}
	return fmt.Sprintf("%s_%s_%s_%s%s", binaryName, version, p.os, p.arch, suffix)
}

// allPlatforms are the platforms of a release, in the order of the krew manifest.
func allPlatforms() []platform {
	return []platform{
		{"linux", "amd64"}, {"linux", "arm64"},
		{"darwin", "amd64"}, {"darwin", "arm64"},
		{"windows", "amd64"}, {"windows", "arm64"},
	}
}

func parsePlatforms(list string) ([]platform, error) {
	var parsed []platform
	for item := range strings.SplitSeq(list, ",") {
		os, arch, _ := strings.Cut(item, "/")
		p := platform{os, arch}
		if !slices.Contains(allPlatforms(), p) {
			return nil, fmt.Errorf("-platforms: %q is none of %v", item, allPlatforms())
		}
		parsed = append(parsed, p)
	}
	return parsed, nil
}
