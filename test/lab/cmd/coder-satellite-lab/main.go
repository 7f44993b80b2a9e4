package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"helm.sh/helm/v3/pkg/action"
	"k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	_ = apiserver.NewAPIServerCommand
	_ = kcm.NewControllerManagerCommand
	_ = cmd.NewDefaultKubectlCommand
	_ = action.NewInstall
	etcdmain.Main(os.Args)
}
