package filestore

const bootName = "kern.bootsessionuuid"
