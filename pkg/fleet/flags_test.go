package fleet_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	helm "helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

func TestFlagsFleet(t *testing.T) {
	values := filepath.Join("testdata", "valid", "common.yaml")
	two := 2
	got, err := fleet.Flags{
		Contexts:  []string{"arn:aws:eks:us-east-2:1234:cluster/ohio"},
		AccessURL: "https://coder-ohio.example.com/", Providers: []string{"ohio"}, ProviderContexts: []string{"ohio-b=ohio-two"}, Namespace: "sat", ConnectTo: "203.0.113.7:443",
		Chart: "./chart.tgz", ChartVersion: "1.21.7", ValueFiles: []string{values}, Sets: helm.Options{Values: []string{"coderd.replicas=2"}},
		CoderURL: "https://coder.example.com", Canary: "none", MaxParallel: 3, MaxFailures: &two,
	}.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &fleet.Fleet{
		CoderURL: "https://coder.example.com",
		Regions: []fleet.Region{{
			Name: "arn-aws-eks-us-east-2-1234-cluster-ohio",
			Satellite: fleet.Satellite{
				Context: "arn:aws:eks:us-east-2:1234:cluster/ohio", Namespace: "sat", Release: fleet.DefaultRelease,
				AccessURL: "https://coder-ohio.example.com", ConnectTo: "203.0.113.7:443",
				ValueFiles: []string{values}, Sets: helm.Options{Values: []string{"coderd.replicas=2"}}, Chart: v1alpha1.Chart{Name: "chart.tgz", Version: "1.21.7"},
			},
			Providers: []fleet.Provider{
				{Name: "ohio", Context: "arn:aws:eks:us-east-2:1234:cluster/ohio", Canary: "none"}, {Name: "ohio-b", Context: "ohio-two", Canary: "none"},
			},
			Selector: "--context arn:aws:eks:us-east-2:1234:cluster/ohio --namespace sat --access-url https://coder-ohio.example.com/ " +
				"--provider ohio --provider-context ohio-b=ohio-two --connect-to 203.0.113.7:443 --canary none --coder-url https://coder.example.com",
			ChartFlags: "--chart ./chart.tgz --chart-version 1.21.7 --values " + values + " --set ...",
		}},
		Waves: []fleet.Wave{{Name: "1", Regions: []string{"arn-aws-eks-us-east-2-1234-cluster-ohio"}, MaxParallel: 3}}, MaxParallel: 3, MaxFailures: 2,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(fleet.Fleet{}), cmpopts.IgnoreFields(fleet.Wave{}, "All", "Flags"), cmp.Comparer(sameZone)); diff != "" {
		t.Errorf("fleet (-want +got):\n%s", diff)
	}
}

// The unified URL reaches every region and the command line of each.
func TestFlagsUnifiedURL(t *testing.T) {
	got, err := fleet.Flags{Contexts: []string{"a", "b"}, UnifiedURL: "https://Global.example.com/", AccessURLOptional: true}.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range got.Regions {
		want := "kubectl coder-satellite status --context " + region.Satellite.Context + " --unified-url https://Global.example.com/"
		if region.Satellite.UnifiedURL != "https://global.example.com" || region.Command("status") != want {
			t.Errorf("unified URL %q, command %q", region.Satellite.UnifiedURL, region.Command("status"))
		}
	}
}

func TestFlagsSeveralContextsWithoutURL(t *testing.T) {
	got, err := fleet.Flags{Contexts: []string{"a/b", "a:b", "///", "A-B"}, AccessURLOptional: true}.Fleet()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, region := range got.Regions {
		names = append(names, region.Name)
	}
	if diff := cmp.Diff([]string{"a-b", "a-b-2", "region", "A-B-3"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestFlagsErrors(t *testing.T) {
	url, minus := "https://a.example.com", -1
	file := filepath.Join("testdata", "valid", "minimal.yaml")
	tests := map[string]struct {
		flags fleet.Flags
		want  []string
	}{
		"no context":       {fleet.Flags{AccessURL: url}, []string{"--context: missing"}},
		"no URL":           {fleet.Flags{Contexts: []string{"a"}}, []string{"--access-url: missing"}},
		"one URL for two":  {fleet.Flags{Contexts: []string{"a", "b"}, AccessURL: url, Providers: []string{"p"}, ProviderContexts: []string{"p=c"}, ConnectTo: "h:1"}, []string{"--access-url: one value cannot serve several contexts", "--provider: one value", "--provider-context: one value", "--connect-to: one value", "Fleet file"}},
		"two without URL":  {fleet.Flags{Contexts: []string{"a", "b"}}, []string{"--context: given more than once", "discover"}},
		"same twice":       {fleet.Flags{Contexts: []string{"a", "a"}, AccessURLOptional: true}, []string{`--context: "a" is given twice`}},
		"http":             {fleet.Flags{Contexts: []string{"a"}, AccessURL: "http://a.example.com"}, []string{"--access-url: \"http://a.example.com\" is not https"}},
		"values missing":   {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, ValueFiles: []string{"nowhere.yaml"}}, []string{"--values: the file nowhere.yaml does not exist"}},
		"bad namespace":    {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, Namespace: "A_"}, []string{`--namespace: "A_"`}},
		"bad numbers":      {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, MaxParallel: -1, MaxFailures: &minus}, []string{"--max-parallel: is -1", "--max-failures: is -1"}},
		"region, no file":  {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, Regions: []string{"a"}}, []string{"--region: selects regions of a Fleet file"}},
		"file and context": {fleet.Flags{Filename: file, Contexts: []string{"a"}, Sets: helm.Options{Values: []string{"a=b"}, FileValues: []string{"c=d"}}}, []string{"--context: cannot be used with --filename", "--set: cannot", "--set-file: cannot"}},
		"unknown region":   {fleet.Flags{Filename: file, Regions: []string{"a", "zzz", "bb"}}, []string{`no region "zzz"; there are: a, b, c`, `no region "bb"; did you mean "b"?`}},
		"bad overrides":    {fleet.Flags{Filename: file, CoderURL: "http://x.example.com", CAFile: "nowhere.pem", MaxParallel: -1, MaxFailures: &minus}, []string{"--coder-url: ", "--coder-ca-file: the file nowhere.pem", "--max-parallel", "--max-failures"}},
		"no such file":     {fleet.Flags{Filename: "nowhere.yaml"}, []string{"the Fleet file nowhere.yaml cannot be read"}},

		"no pair":            {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, ProviderContexts: []string{"p", "=c", "q="}}, []string{`--provider-context: "p": want NAME=CONTEXT`, `"=c": want`, `"q=": want`}},
		"a pair twice":       {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, ProviderContexts: []string{"p=b", "p=c"}}, []string{`--provider-context: the provider "p" is given twice`}},
		"a provider twice":   {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, Providers: []string{"p", "p"}}, []string{`--provider: "p" is already used by`}},
		"one canary for two": {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, Providers: []string{"p", "q"}, Canary: "w"}, []string{`--canary: "w" is on one provider, and there are 2`}},
		"no such satellite":  {fleet.Flags{Contexts: []string{"a"}, Satellite: "some", Providers: []string{"p"}}, []string{`--satellite: is "some"; write flux, argocd or helm`}},
		"none, with a URL":   {fleet.Flags{Contexts: []string{"a"}, Satellite: "none", AccessURL: url, Providers: []string{"p"}}, []string{"--access-url: a region without a satellite has none"}},
		"none, nobody named": {fleet.Flags{Contexts: []string{"a"}, Satellite: "none"}, []string{"--provider: missing; a region without a satellite names its providers"}},
		"file and satellite": {fleet.Flags{Filename: file, Satellite: "none", ProviderContexts: []string{"p=c"}}, []string{"--satellite: cannot be used with --filename", "--provider-context: cannot"}},
		"unknown provider":   {fleet.Flags{Filename: file, Providers: []string{"a", "zzz"}}, []string{`--provider: the regions have no provider "zzz"; there are: a, b, c`}},

		"unified URL, http": {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, UnifiedURL: "http://g.example.com"},
			[]string{`--unified-url: "http://g.example.com" is not https`}},
		"unified URL, a region's": {fleet.Flags{Contexts: []string{"a"}, AccessURL: url, UnifiedURL: "https://A.example.com:8443"},
			[]string{`--unified-url: "a.example.com" is also the host of the access URL of region "a"; `}},
		"file and unified URL": {fleet.Flags{Filename: file, UnifiedURL: url}, []string{"--unified-url: cannot be used with --filename"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tt.flags.Load(nil)
			if err == nil {
				t.Fatalf("no error, but %+v", got)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in:\n%v", want, err)
				}
			}
			var fieldError *fleet.FieldError
			if errors.As(err, &fieldError) == (name == "no such file") {
				t.Errorf("FieldError or not is wrong: %v", err)
			}
		})
	}
}

func TestFlagsOverFile(t *testing.T) {
	one, ca := 1, filepath.Join("testdata", "valid", "ca.pem")
	got, err := fleet.Flags{Filename: filepath.Join("testdata", "valid", "full.yaml"), Regions: []string{"ohio", "sydney", "ohio"},
		CoderURL: "https://other.example.com/", CAFile: ca, MaxParallel: 9, MaxFailures: &one}.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.CoderURL != "https://other.example.com" || got.CAFile != ca || got.MaxParallel != 9 || got.MaxFailures != 1 {
		t.Errorf("flags do not override: %+v", got)
	}
	if diff := cmp.Diff([][]string{{"sydney"}, {"ohio"}}, wavesOf(got)); diff != "" {
		t.Errorf("waves (-want +got):\n%s", diff)
	}
	if len(got.Regions) != 2 || got.Regions[0].Name != "sydney" || got.Regions[1].Name != "ohio" {
		t.Errorf("regions: %+v", got.Regions)
	}
}

func TestSelectDropsEmptyWaves(t *testing.T) {
	got, err := fleet.Flags{Filename: filepath.Join("testdata", "valid", "minimal.yaml"), Regions: []string{"c"}}.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"c"}}, wavesOf(got)); diff != "" {
		t.Errorf("waves (-want +got):\n%s", diff)
	}
}

// A region without a satellite has only its providers, in the context that the flags name.
func TestFlagsWithoutSatellite(t *testing.T) {
	got, err := fleet.Flags{Contexts: []string{"main"}, Satellite: fleet.SatelliteNone, Providers: []string{"built-in"}}.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []fleet.Region{{
		Name: "main", Providers: []fleet.Provider{{Name: "built-in", Context: "main", Canary: fleet.CanaryAuto}},
		Selector: "--context main --satellite none --provider built-in",
	}}
	if diff := cmp.Diff(want, got.Regions); diff != "" || !got.Regions[0].Satellite.None() {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// With a file, --provider selects providers: regions keep those, and still list the others.
func TestSelectProviders(t *testing.T) {
	got, err := fleet.Flags{Filename: filepath.Join("testdata", "valid", "providers.yaml"), Providers: []string{"london-restricted", "sydney"}}.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, region := range got.Regions {
		names = append(names, region.Name, region.Command("rollback"))
		for _, provider := range region.Providers {
			names = append(names, provider.Name, region.CommandFor("retain", provider))
		}
		for _, provider := range region.Others {
			names = append(names, "not "+provider.Name)
		}
	}
	const file = " --filename testdata/valid/providers.yaml --region "
	want := []string{
		"sydney", "kubectl coder-satellite rollback" + file + "sydney", "", "kubectl coder-satellite retain" + file + "sydney",
		"london", "kubectl coder-satellite rollback" + file + "london --provider london-restricted",
		"london-restricted", "kubectl coder-satellite retain" + file + "london --provider london-restricted", "not london",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"sydney"}, {"london"}}, wavesOf(got)); diff != "" {
		t.Errorf("waves (-want +got):\n%s", diff)
	}
}
