; The installer for Windows: for one user, without administrator rights. build.py gives VERSION, PAYLOAD (the folder of the
; frozen programs), OUTPUT, ICON, PROJECT_ICON and LICENCE.
Unicode true
SetCompressor lzma
!include MUI2.nsh
!include FileFunc.nsh
!include x64.nsh

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\CNN Studio"
!define TYPE "CNNStudio.Project"
Name "CNN Studio"
OutFile "${OUTPUT}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\CNN Studio"
InstallDirRegKey HKCU "Software\CNN Studio" "InstallDir"
ManifestDPIAware true
BrandingText "CNN Studio ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "CNN Studio"
VIAddVersionKey "FileDescription" "CNN Studio"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\cnnstudio-gui.exe"
!define MUI_LANGDLL_REGISTRY_ROOT HKCU
!define MUI_LANGDLL_REGISTRY_KEY "Software\CNN Studio"
!define MUI_LANGDLL_REGISTRY_VALUENAME "InstallerLanguage"
!insertmacro MUI_PAGE_LICENSE "${LICENCE}"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Spanish"
!insertmacro MUI_RESERVEFILE_LANGDLL

LangString RUNNING ${LANG_ENGLISH} "CNN Studio is running. Close it and try again; a training that runs is stopped and kept."
LangString RUNNING ${LANG_SPANISH} "CNN Studio está abierto. Ciérrelo e inténtelo de nuevo; un entrenamiento en marcha se detiene y se conserva."
LangString BITS ${LANG_ENGLISH} "CNN Studio needs a 64-bit Windows."
LangString BITS ${LANG_SPANISH} "CNN Studio necesita un Windows de 64 bits."
LangString OTHER ${LANG_ENGLISH} "$INSTDIR holds other files. Choose an empty folder, or the one of an earlier version."
LangString OTHER ${LANG_SPANISH} "$INSTDIR contiene otros archivos. Elija una carpeta vacía, o la de una versión anterior."
LangString KEPT ${LANG_ENGLISH} "What is yours stays: your projects, and the folders cnnstudio in $LOCALAPPDATA, which may be deleted."
LangString KEPT ${LANG_SPANISH} "Lo suyo se conserva: sus proyectos y las carpetas cnnstudio en $LOCALAPPDATA, que puede borrar."
LangString PROJECT ${LANG_ENGLISH} "CNN Studio project"
LangString PROJECT ${LANG_SPANISH} "Proyecto de CNN Studio"

; A program that runs cannot be opened for writing.
!macro WAIT_UNTIL_CLOSED UN
Function ${UN}WaitUntilClosed
  again:
  IfFileExists "$INSTDIR\cnnstudio-gui.exe" 0 closed
  ClearErrors
  FileOpen $0 "$INSTDIR\cnnstudio-gui.exe" a
  IfErrors 0 free
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" /SD IDCANCEL IDRETRY again
  Abort
  free:
  FileClose $0
  closed:
FunctionEnd
!macroend
!insertmacro WAIT_UNTIL_CLOSED ""
!insertmacro WAIT_UNTIL_CLOSED "un."

!macro REMOVE_PROGRAM
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\cnnstudio.exe"
  Delete "$INSTDIR\cnnstudio-gui.exe"
  Delete "$INSTDIR\cnnstudio-worker.exe"
  Delete "$INSTDIR\project.ico"
  Delete "$INSTDIR\uninstall.exe"
!macroend

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "$(BITS)" /SD IDOK
    Abort
  ${EndIf}
  !insertmacro MUI_LANGDLL_DISPLAY
FunctionEnd

Function un.onInit
  !insertmacro MUI_UNGETLANGUAGE
FunctionEnd

Section "CNN Studio"
  Call WaitUntilClosed
  ; An upgrade replaces all files; a folder with anything else in it is not touched.
  IfFileExists "$INSTDIR\cnnstudio.exe" known
  ${DirState} "$INSTDIR" $0
  ${If} $0 == 1
    MessageBox MB_OK|MB_ICONSTOP "$(OTHER)" /SD IDOK
    Abort
  ${EndIf}
  known:
  !insertmacro REMOVE_PROGRAM
  SetOutPath "$INSTDIR"
  File /r "${PAYLOAD}/*"
  File "/oname=project.ico" "${PROJECT_ICON}"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\CNN Studio.lnk" "$INSTDIR\cnnstudio-gui.exe"
  WriteRegStr HKCU "Software\CNN Studio" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "Software\Classes\.cnnstudio" "" "${TYPE}"
  WriteRegStr HKCU "Software\Classes\${TYPE}" "" "$(PROJECT)"
  WriteRegStr HKCU "Software\Classes\${TYPE}\DefaultIcon" "" "$INSTDIR\project.ico"
  WriteRegStr HKCU "Software\Classes\${TYPE}\shell\open\command" "" '"$INSTDIR\cnnstudio-gui.exe" "%1"'
  WriteRegStr HKCU "${KEY}" "DisplayName" "CNN Studio"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\cnnstudio-gui.exe"
  WriteRegStr HKCU "${KEY}" "Publisher" "CNN Studio contributors"
  WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" "$0"
  ${RefreshShellIcons}
SectionEnd

Section "Uninstall"
  Call un.WaitUntilClosed
  !insertmacro REMOVE_PROGRAM
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\CNN Studio.lnk"
  ReadRegStr $0 HKCU "Software\Classes\.cnnstudio" ""
  ${If} $0 == "${TYPE}"
    DeleteRegKey HKCU "Software\Classes\.cnnstudio"
  ${EndIf}
  DeleteRegKey HKCU "Software\Classes\${TYPE}"
  DeleteRegKey HKCU "Software\CNN Studio"
  DeleteRegKey HKCU "${KEY}"
  ${RefreshShellIcons}
  MessageBox MB_OK|MB_ICONINFORMATION "$(KEPT)" /SD IDOK
SectionEnd
