//go:build krew

package krew

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"sigs.k8s.io/krew/pkg/index"
)

func TestValidator(t *testing.T) {
	// Without -skip-install it would download archives that are not published yet.
	mustRun(t, nil, tool(t, "validate-krew-manifest"), "-manifest", manifestFile, "-skip-install")
}

// TestInstallEveryPlatform has krew install each archive from the file, as on that platform. krew
// checks the manifest's sha256 while doing so.
func TestInstallEveryPlatform(t *testing.T) {
	plugin := readManifest(t)
	if got := len(plugin.Spec.Platforms); got != 6 {
		t.Fatalf("%d platforms, want 6", got)
	}
	for _, platform := range plugin.Spec.Platforms {
		goos, goarch := platform.Selector.MatchLabels["os"], platform.Selector.MatchLabels["arch"]
		t.Run(goos+"_"+goarch, func(t *testing.T) {
			home := t.TempDir()
			env := []string{"KREW_ROOT=" + home, "KREW_OS=" + goos, "KREW_ARCH=" + goarch, "KREW_NO_UPGRADE_CHECK=1"}
			mustRun(t, env, tool(t, "krew"), "install", "--manifest", manifestFile, "--archive", archiveOf(t, platform))

			installed := filepath.Join(home, "store", plugin.Name, plugin.Spec.Version)
			want, err := os.ReadFile(root + "/LICENSE")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(installed, "LICENSE")); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the archive's LICENSE is missing or differs: %v", err)
			}
			binary := filepath.Join(installed, platform.Bin)
			info, err := buildinfo.ReadFile(binary)
			if err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{}
			for _, setting := range info.Settings {
				settings[setting.Key] = setting.Value
			}
			if settings["GOOS"] != goos || settings["GOARCH"] != goarch || settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" {
				t.Errorf("built with %v", settings)
			}
			if goos == runtime.GOOS && goarch == runtime.GOARCH {
				if got, want := pluginVersion(t, nil, binary), plugin.Spec.Version; got != want {
					t.Errorf("the binary says version %q, want %q", got, want)
				}
			}
		})
	}
}

// own is the archive for the machine that runs the test.
func own(t *testing.T, plugin index.Plugin) index.Platform {
	t.Helper()
	for _, platform := range plugin.Spec.Platforms {
		if labels := platform.Selector.MatchLabels; labels["os"] == runtime.GOOS && labels["arch"] == runtime.GOARCH {
			return platform
		}
	}
	t.Fatalf("no archive for %s/%s", runtime.GOOS, runtime.GOARCH)
	return index.Platform{}
}

// build builds the archive of a version for this machine, and returns its path.
func build(t *testing.T, version string) string {
	t.Helper()
	out := t.TempDir()
	if _, err := command(root, nil, "go", "run", "./test/dist", "-version", version,
		"-platforms", runtime.GOOS+"/"+runtime.GOARCH, "-out", out); err != nil {
		t.Fatal(err)
	}
	archives, err := filepath.Glob(filepath.Join(out, "*_"+runtime.GOOS+"_"+runtime.GOARCH+".*"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("archives %v, %v; want one", archives, err)
	}
	return archives[0]
}

func TestReproducible(t *testing.T) {
	plugin := readManifest(t)
	first, err := os.ReadFile(archiveOf(t, own(t, plugin)))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(build(t, plugin.Spec.Version))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("building the same commit again gave another archive; was dist/ made from another commit?")
	}
}

// TestSize compares with helm, built and packed in the same way: the plugin contains helm's SDK,
// and should not be a larger download than helm.
func TestSize(t *testing.T) {
	archive, err := os.Stat(archiveOf(t, own(t, readManifest(t))))
	if err != nil {
		t.Fatal(err)
	}
	helm, err := os.ReadFile(tool(t, "helm"))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	writer := tar.NewWriter(compressed)
	if err := writer.WriteHeader(&tar.Header{Name: "helm", Mode: 0o755, Size: int64(len(helm))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(writer, bytes.NewReader(helm)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the plugin's archive has %d bytes, helm's %d", archive.Size(), packed.Len())
	if archive.Size() > int64(packed.Len()) {
		t.Errorf("the plugin's archive (%d bytes) is larger than helm's (%d bytes)", archive.Size(), packed.Len())
	}
}
