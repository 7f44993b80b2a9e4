package main

func dumpNoCore() {} // Windows writes none for Go programs
